//! A real Prometheus that scrapes the built binary: alerts fire on what happens to nodes and end with it, the error budget is
//! what callers were told, and no panel of the dashboard is empty.
//!
//! Rules have times of minutes to days. `rules` divides them; the expressions stay as they are otherwise. What no test can
//! bring about in a node is shown by the series of alerts/tests.yaml alone: a task of the outbox that hangs (each answer that it
//! waits for has a deadline, also that of a disk that does nothing: only a fault of ours could keep it), a node that is
//! restarted at its own port, an error budget of three days that lasts again. A supervisor is silent in the slower time alone.

mod alerts;
mod component;
mod dashboard;
mod direct_alerts;
mod examples;
mod node;
mod outbox_alerts;
mod process_alerts;
mod prometheus;
mod rules;
mod watch;

//! A real Prometheus that scrapes the built binary: alerts fire on what happens to nodes and end with it, the error budget is
//! what callers were told, and no panel of the dashboard is empty.
//!
//! Rules have times of minutes to days. `rules` divides them; the expressions stay as they are otherwise. What no test can
//! bring about in a node is shown by the series of alerts/tests.yaml alone: a supervisor that hangs, an error budget of three
//! days that lasts again, a store that went back.

mod alerts;
mod component;
mod dashboard;
mod examples;
mod node;
mod prometheus;
mod rules;
mod watch;

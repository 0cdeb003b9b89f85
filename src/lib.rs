//! # `smsp`, the Send Mail Service Proxy: architecture
//!
//! A stateless email proxy. A service calls `POST /email`; one of several email providers gets the message, each
//! behind a circuit breaker of its own. Real mail only ever travels through closed circuits; open ones are probed in
//! the background. What every part must hold: **never lie** about whether a mail was sent, and **never
//! send it twice** by accident.
//!
//! ## One request
//!
//! It walks down the list of modules: [`ingress::server::listener`] accepts and bounds it in time, the layers give it an id, the
//! [caller](access::callers) shows a key, the wire turns JSON into a [`Message`](model::message::Message) if there is room for its body and
//! a permit for its mail ([`access::admission`]). What every way in produces is a [`Submission`](model::submission);
//! [`service::submit`] knows one with a key again, by the answers that [`state`] holds. [`dispatch`](delivery::dispatch) asks
//! the [`routing`](delivery::routing) for an order of the closed upstreams, and each attempt is permit -> send -> verdict ->
//! settle. A client that hangs up changes nothing: the listener keeps its request alive to the end. The [`circuit`](delivery::circuit) gives the permit, the [`upstream`](delivery::upstream) bounds the call in time, the [`provider`](delivery::provider) makes it, the
//! [`outcome`](model::outcome) says three things apart: may another try, is the provider to blame, what does the caller hear? The
//! answer is a receipt or a problem.
//!
//! ## Recovery
//!
//! A circuit that opens wakes its [`supervisor`](delivery::supervisor), which alone closes it again: wait, probes, closed.
//!
//! ## What depends on what
//!
//! Arrows point down, and a test holds them (`functional_tests/house_rules.rs`): [`app`] wires everything and is named by
//! nobody; [`ingress`] has the ways in; [`service`] and [`state`] are what they share; [`delivery`] brings a mail to a provider; [`access`] says who
//! may call, and how much; [`model`] and [`runtime`] name nothing of
//! ours.
//!
//! ## What is deliberately absent
//!
//! A store: a node shares nothing with its neighbours, and forgets everything when it ends. A clock in the circuit:
//! time is passed in. A lock across an await. A retry that could send twice: another upstream is asked only where the
//! attempts so far prove that nobody has the mail, the same one again only if it takes a mail once. A provider's text in
//! any answer, log or metric.

pub mod app;
pub mod ingress;
pub mod service;
pub mod state;
pub mod delivery;
pub mod access;
pub mod model;
pub mod runtime;

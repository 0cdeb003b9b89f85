//! # `smsp`, the Send Mail Service Proxy: architecture
//!
//! A stateless email proxy. A service calls `POST /email`; one of several email providers gets the message, each
//! behind a circuit breaker of its own. Real mail only ever travels through closed circuits; open ones are probed in
//! the background with dummies. What every part must hold: **never lie** about whether a mail was sent, and **never
//! send it twice** by accident.
//!
//! ## One request
//!
//! It walks down the list of modules: [`ingress::server::listener`] accepts and bounds it in time, the layers give it an id, the
//! [caller](access::callers) shows a key, the wire turns JSON into a [`Message`](model::message::Message) if there is room for its body and
//! a permit for its mail ([`access::admission`]). [`dispatch`](delivery::dispatch) sees it through, so that a caller
//! who hangs up changes nothing: it orders the closed upstreams, and each attempt is permit -> send -> verdict ->
//! settle. The [`circuit`](delivery::circuit) gives the permit, the [`upstream`](delivery::upstream) bounds the call in time, the [`provider`](delivery::provider) makes it, the
//! [`outcome`](model::outcome) says three things apart: may another try, is the provider to blame, what does the caller hear? The
//! answer is a receipt or a problem.
//!
//! ## Recovery
//!
//! A circuit that opens wakes its [`supervisor`](delivery::supervisor), the only one who closes it again: wait, dummies, closed.
//!
//! ## What depends on what
//!
//! Arrows point down, and a test holds them (`functional_tests/house_rules.rs`): [`app`] wires everything and is named by
//! nobody; [`ingress`] has the ways in; [`delivery`] brings a mail to a provider; [`access`] says who
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

//! # `smsp`, the Send Mail Service Proxy: architecture
//!
//! An e-mail proxy, stateless unless it has a store. A service calls `POST /email`; one of several e-mail providers gets the
//! message, each behind a circuit breaker of its own. Real mail travels only through closed circuits; open ones are probed
//! in the background. Every part must hold two promises: **never lie** about whether a mail was sent, and **never send it
//! twice** by accident.
//!
//! ## One request
//!
//! 1. The [listener](ingress::server::listener) accepts the connection, checks the head of the request and bounds all of it
//!    in time; the [service](ingress::server::service) around the handlers gives the request an id, a log line and a count.
//! 2. The API listener ([`ingress::api`]) finds the [caller](access::callers) by its key, asks [admission](access::admission)
//!    for room, and turns JSON into a [`Submission`](model::submission::Submission): a message, its caller, the options.
//! 3. [`service::submit`] recognises a repeat of a submission with a key by the answers that [`state`] holds, in memory or in
//!    the store.
//! 4. [`delivery::dispatch`] asks [`delivery::routing`] for the order of the upstreams and offers them the mail, one after
//!    the other, within one deadline. Each attempt is place, permit, token, send, verdict, settle.
//! 5. The [circuit](delivery::circuit) gives the permit, the [upstream](delivery::upstream) bounds the call in time, the
//!    [provider](delivery::provider) makes it.
//! 6. The [outcome](model::outcome) answers three separate questions: may another upstream try, is the provider to blame,
//!    what does the caller hear? The answer is a receipt or a problem.
//!
//! A client that hangs up changes nothing: the listener keeps its request alive to the end.
//!
//! ## Recovery
//!
//! A circuit that opens wakes its [supervisor](delivery::supervisor), which alone closes it again: wait, probe, close.
//!
//! ## Delivery later
//!
//! A row of the [outbox](state::outbox) waits in a store. The [pump](state::outbox::pump) asks the dispatcher for how much
//! there is room, claims that much, and hands it over by the same dispatcher. Between the permits and the first byte stands
//! the consent of the store ([`Journal`](delivery::dispatch::Journal)).
//!
//! ## What depends on what
//!
//! Arrows point down: a module names only modules below it. `functional_tests/architecture.rs` has the table and holds it.
//!
//! | layer | holds |
//! |---|---|
//! | [`app`] | commands, configuration, wiring; no module names it |
//! | [`ingress`] | the ways in |
//! | [`service`] | what the ways in share: one submission in, one answer out |
//! | [`state`] | what a node remembers between two calls, and what a store keeps for longer |
//! | [`delivery`] | routing, circuits, providers, a client of SMTP |
//! | [`access`] | who may call, and how much |
//! | [`model`] | messages, submissions, outcomes: no I/O, no clock, no randomness |
//! | [`runtime`] | settings, metrics, log, traces, shutdown |
//!
//! ## What is deliberately absent
//!
//! A store that `POST /email` needs, unless a mail has a key: without one a node shares nothing with its neighbours, and
//! forgets everything when it ends. A clock in the circuit: time is passed in. A lock across an await. A retry that could send twice: another upstream
//! is asked only where the attempts so far prove that no provider has the mail, and the same upstream only if it takes a
//! mail once. A provider's text in any answer, log or metric.

pub mod app;
pub mod ingress;
pub mod service;
pub mod state;
pub mod delivery;
pub mod access;
pub mod model;
pub mod runtime;

//! The substrate of every HTTP listener: connections, what each request passes, problem bodies, request bodies.
//!
//! It knows nothing of mail. A way in brings its routes and its [`Rules`](rules::Rules) and gets a
//! [`Service`](service::Service), which [`listener::serve`] serves. Every request has a
//! [`RequestContext`](context::RequestContext), a line in the log, a count and hardened headers; a panic ends one request.

pub mod beside;
pub mod body;
pub mod context;
pub mod document;
pub mod field_error;
pub mod hardening;
pub mod listener;
pub mod logged;
pub mod problem;
pub mod refusal;
mod request_trace;
pub mod rules;
pub mod service;

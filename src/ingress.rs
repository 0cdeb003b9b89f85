//! The ways in: each listens, converts what it reads, calls a service, and answers in the words of its protocol.

pub mod api;
pub mod compat;
pub mod plan;
pub mod admin;
pub mod server;

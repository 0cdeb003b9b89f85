//! What a way in decides for its listener.

use axum::response::Response;

use super::refusal::Refusal;

/// The rules of one listener.
#[derive(Clone, Copy)]
pub struct Rules {
    /// Bytes of a request body, at most; a longer one is refused by what it announces.
    pub max_body: usize,
    /// Paths that monitors ask every few seconds: logged at debug level, and served over capacity.
    pub monitored: &'static [&'static str],
    /// Are all other requests refused over capacity?
    pub sheds_over_capacity: bool,
    /// Writes a refusal as the clients of this listener know problems.
    pub write: fn(Refusal) -> Response,
}

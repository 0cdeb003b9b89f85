//! What the proxy does for its callers, whichever way their mail came in.

pub mod outbox;
pub mod submit;

//! What the proxy does for its callers, whatever way their mail came in.

pub mod submit;

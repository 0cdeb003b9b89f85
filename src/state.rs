//! What this node remembers between two calls.

pub mod answers;

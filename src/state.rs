//! What this node remembers: answers between two calls, who has changed what, and which changes end by themselves.

pub mod answers;
pub mod audit;
pub mod overrides;

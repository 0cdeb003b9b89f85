//! What a node remembers: answers between two calls, who has changed what, which changes end by themselves, and what it
//! has accepted for later.

pub mod answers;
pub mod audit;
pub mod outbox;
pub mod overrides;
pub mod store;

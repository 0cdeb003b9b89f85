//! Who may use this node and how much of it: callers with their keys and limits, admins with
//! their keys and roles, and what the node takes on at once.
//!
//! A request that is over a limit gets a [`Refusal`](refusal::Refusal), which each way in writes in its own protocol.
//! Deliberately absent: HTTP, and any other protocol.

pub mod admins;
pub mod admission;
mod auth_failures;
pub mod callers;
pub mod keys;
pub mod refusal;

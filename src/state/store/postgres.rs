//! PostgreSQL as the store of n nodes: connections, transactions with deadlines, and the schema.
//!
//! Works behind PgBouncer in transaction mode: no statement has a name, no lock and no setting outlives its transaction,
//! and nobody listens for notifications. Every wait for the database has a deadline, on both sides: a node that stops in
//! the middle of a transaction loses it and its locks. A server that is away at the start is asked until it is there; what
//! would be refused again, such as a password, ends the start. Deliberately absent: what is kept in the tables.

mod database;
mod deadlines;
mod grouped;
mod health;
mod hosts;
mod idle;
mod login;
mod look;
mod migrations;
mod not_ready;
mod pool;
mod registered_keys;
mod server;
mod tables;
mod tls;
mod transaction;
mod undone;
mod wrong;

pub use database::{Database, Start};
pub use grouped::{Grouped, Size, Together};
pub use server::Server;
pub use transaction::{Parameter, Transaction, field};
pub use undone::{Undone, told};
pub use wrong::Wrong;

#[cfg(test)]
pub(crate) mod tests;

//! PostgreSQL as the store of n nodes: a pool of connections, transactions with deadlines, and the schema.
//!
//! Works behind PgBouncer in transaction mode: no statement has a name, no lock and no setting outlives its transaction,
//! and nobody listens for notifications. Every wait for the database has a deadline, on both sides: a node that stops in
//! the middle of a transaction loses it and its locks. Deliberately absent: what is kept in the tables.

mod deadlines;
mod migrations;
mod pool;
mod server;
mod tls;
mod transaction;

#[cfg(test)]
pub(crate) mod tests;

use std::time::Duration;

pub use server::{Server, Wrong};
pub use transaction::{Parameter, Transaction, field};

use super::{Failed, Module};
use deadlines::Deadlines;
use pool::Pool;

/// How long a change of the schema may take, the wait for other nodes that make it included.
const MIGRATION: Duration = Duration::from_secs(300);

/// Why the tables are not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// A newer program has changed them.
    #[error(
        "the store was written by a newer version of smsp (schema {found} of {module}, this version knows {known})"
    )]
    NewerSchema {
        /// Whose tables.
        module: &'static str,
        /// The oldest schema that could work with it.
        found: i32,
        /// The newest schema of this version.
        known: i32,
    },
    /// The database said nothing, or no.
    #[error("{0}")]
    Failed(#[from] Failed),
}

/// A database on a server.
pub struct Database {
    pool: Pool,
}

impl Database {
    /// On this server; connects when it is needed.
    pub fn new(server: Server) -> Self {
        Self { pool: Pool::new(server, Deadlines::USUAL) }
    }

    /// Brings the tables of these modules to the version of this program; safe where several nodes do it at once.
    pub async fn migrate(&self, modules: &[Module]) -> Result<(), NotReady> {
        migrations::run(&self.pool, modules).await
    }

    /// Begins a transaction, on a connection that nobody else uses until its end.
    pub async fn begin(&self) -> Result<Transaction<'_>, Failed> {
        self.pool.begin(self.pool.deadlines.statement).await
    }
}

//! PostgreSQL as the store of n nodes: a pool of connections, transactions with deadlines, and the schema.
//!
//! Works behind PgBouncer in transaction mode: no statement has a name, no lock and no setting outlives its transaction,
//! and nobody listens for notifications. Every wait for the database has a deadline, on both sides: a node that stops in
//! the middle of a transaction loses it and its locks. A server that is away at the start is asked until it is there; what
//! would be refused again, such as a password, ends the start. Deliberately absent: what is kept in the tables.

mod deadlines;
mod keeper;
mod migrations;
mod not_ready;
mod pool;
mod registered_keys;
mod server;
mod tls;
mod transaction;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing::{info, warn};

pub use server::{Server, Wrong};
pub use transaction::{Parameter, Transaction, field};

use super::keys::StoreKeys;
use super::open_error::OpenError;
use super::up::Up;
use super::{Failed, Migrated, Module};
use crate::runtime::metrics::Metrics;
use deadlines::Deadlines;
use not_ready::NotReady;
use pool::Pool;

/// How long a change of the schema may take, the wait for other nodes that make it included.
const MIGRATION: Duration = Duration::from_secs(300);

/// What a store starts with.
pub struct Start {
    /// Where it is.
    pub server: Server,
    /// What encrypts.
    pub keys: Arc<StoreKeys>,
    /// Whose tables it has.
    pub modules: &'static [Module],
    /// Where it is counted.
    pub metrics: Arc<Metrics>,
}

/// A database on a server.
pub struct Database {
    pool: Pool,
    keys: Arc<StoreKeys>,
    modules: &'static [Module],
    /// Are the tables there, and the keys right?
    prepared: AtomicBool,
    up: Up,
}

impl Database {
    /// Migrates, and checks the keys. Where the server is away, a task does so as soon as it can: until then every
    /// transaction is refused.
    pub async fn open(start: Start) -> Result<Arc<Self>, OpenError> {
        let database = Arc::new(Self::new(start, Deadlines::USUAL));
        match database.prepare().await {
            Ok(()) => {}
            Err(NotReady::Refused(error)) => return Err(error),
            Err(NotReady::Failed) => warn!("the store is away: the node starts without it, and goes on asking"),
        }
        tokio::spawn(keeper::keep(Arc::downgrade(&database)));
        Ok(database)
    }

    /// Migrates, and checks the keys, now or not at all: what was done to the tables of each module.
    pub async fn migrate(start: Start) -> Result<Vec<Migrated>, OpenError> {
        let done = migrations::run(&Pool::new(start.server, Deadlines::USUAL), start.modules, &start.keys).await;
        done.map_err(|not_ready| match not_ready {
            NotReady::Refused(error) => error,
            NotReady::Failed => Failed::Down.into(),
        })
    }

    fn new(start: Start, deadlines: Deadlines) -> Self {
        let Start { server, keys, modules, metrics } = start;
        let up = Up::new(metrics.store.of("postgres"), false);
        Self { pool: Pool::new(server, deadlines), keys, modules, prepared: AtomicBool::new(false), up }
    }

    /// Begins a transaction, on a connection that nobody else uses until its end.
    pub async fn begin(&self) -> Result<Transaction<'_>, Failed> {
        if !self.prepared.load(Ordering::Relaxed) {
            return Err(Failed::Down);
        }
        let begun = self.pool.begin(self.pool.deadlines.statement).await;
        self.tell(begun.is_ok());
        begun.map_err(|_| Failed::Down)
    }

    /// Does it answer?
    pub fn is_up(&self) -> bool {
        self.up.is_up()
    }

    /// What tells whether it answers.
    pub fn up(&self) -> Up {
        self.up.clone()
    }

    /// Brings the tables to the version of this program; safe where several nodes do it at once.
    async fn prepare(&self) -> Result<(), NotReady> {
        migrations::run(&self.pool, self.modules, &self.keys).await?;
        self.prepared.store(true, Ordering::Relaxed);
        self.tell(true);
        Ok(())
    }

    fn tell(&self, up: bool) {
        match (self.up.set(up), up) {
            (true, true) => info!("the store answers"),
            (true, false) => warn!("the store does not answer: nothing is accepted for later, claimed or marked"),
            (false, _) => {}
        }
    }
}

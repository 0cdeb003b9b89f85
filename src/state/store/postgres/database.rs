//! A database on a server: prepared once, then asked; and the task that looks after it.
//!
//! The task prepares a database that was away at the start, and finds out that it is up or down where nothing else asks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::sleep;
use tracing::{error, info, warn};

use super::super::keys::StoreKeys;
use super::super::open_error::OpenError;
use super::super::up::Up;
use super::super::{Failed, Migrated, Module};
use super::deadlines::Deadlines;
use super::migrations;
use super::not_ready::NotReady;
use super::pool::Pool;
use super::server::Server;
use super::transaction::Transaction;
use crate::runtime::metrics::Metrics;

/// As the metrics name it.
const NAME: &str = "postgres";
/// From one look to the next, while it answers.
const UP: Duration = Duration::from_secs(5);
/// And while it does not.
const DOWN: Duration = Duration::from_secs(1);
/// And while it refuses what is needed: a person has to change that.
const REFUSED: Duration = Duration::from_secs(30);

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
    pub(super) pool: Pool,
    pub(super) keys: Arc<StoreKeys>,
    modules: &'static [Module],
    /// Are the tables there, and the keys right?
    pub(super) prepared: AtomicBool,
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
        tokio::spawn(keep(Arc::downgrade(&database)));
        Ok(database)
    }

    /// Migrates, and checks the keys, now or not at all: what was done to the tables of each module.
    pub async fn migrate(start: Start) -> Result<Vec<Migrated>, OpenError> {
        let pool = Pool::new(start.server, Deadlines::USUAL, start.metrics.store.of(NAME));
        let done = migrations::run(&pool, start.modules, &start.keys).await;
        done.map_err(|not_ready| match not_ready {
            NotReady::Refused(error) => error,
            NotReady::Failed => Failed::Down.into(),
        })
    }

    pub(super) fn new(start: Start, deadlines: Deadlines) -> Self {
        let Start { server, keys, modules, metrics } = start;
        let up = Up::new(metrics.store.of(NAME), false);
        let pool = Pool::new(server, deadlines, metrics.store.of(NAME));
        Self { pool, keys, modules, prepared: AtomicBool::new(false), up }
    }

    /// Begins a transaction, on a connection that nobody else uses until its end.
    pub async fn begin(&self) -> Result<Transaction<'_>, Failed> {
        if !self.prepared.load(Ordering::Relaxed) {
            self.up.metrics.down(1);
            return Err(Failed::Down);
        }
        let begun = self.pool.begin(self.pool.deadlines.statement).await;
        self.tell(begun.is_ok());
        begun.map_err(|_| {
            self.up.metrics.down(1);
            Failed::Down
        })
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
    pub(super) async fn prepare(&self) -> Result<(), NotReady> {
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

/// Looks after it until it is dropped.
async fn keep(database: Weak<Database>) {
    let mut wait = DOWN;
    loop {
        sleep(wait).await;
        let Some(database) = database.upgrade() else { return };
        wait = look(&database).await;
    }
}

/// How long to wait then.
async fn look(database: &Database) -> Duration {
    if !database.prepared.load(Ordering::Relaxed) {
        return match database.prepare().await {
            Ok(()) => UP,
            Err(NotReady::Failed) => DOWN,
            Err(NotReady::Refused(error)) => {
                error!(%error, "the store cannot be used");
                REFUSED
            }
        };
    }
    match database.begin().await {
        Ok(transaction) => transaction.end().await.map_or(DOWN, |()| UP),
        Err(_) => DOWN,
    }
}

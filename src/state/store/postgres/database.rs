//! A database on a server: prepared once, then asked; and the task that looks after it.
//!
//! The task prepares a database that was away at the start, and finds out that it is up or down where nothing else asks.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::{error, warn};

use super::super::keys::StoreKeys;
use super::super::open_error::OpenError;
use super::super::up::Up;
use super::super::{Failed, Migrated, Module};
use super::deadlines::Deadlines;
use super::health::Health;
use super::migrations;
use super::not_ready::NotReady;
use super::pool::Pool;
use super::server::Server;
use super::tables;
use super::transaction::Transaction;
use crate::runtime::metrics::Metrics;
use crate::runtime::restart::{Restarts, restart_and_count};

/// As the metrics name it.
pub(super) const NAME: &str = "postgres";
/// Transactions of a node at once.
const CONNECTIONS: usize = 4;
/// Those among them that read lists and counts for callers and operators: such a look may take seconds.
const LISTS: usize = 2;
/// And those that look one row up by its key.
const LOOKUPS: usize = 2;
/// Beside them for the signs of life of a node, so that one with much to do does not look dead.
const RESERVED: usize = 1;
/// From one look to the next, while it answers.
const UP: Duration = Duration::from_secs(5);
/// And while it does not: so soon is it found again.
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
    /// Where its tasks count that they panicked.
    pub restarts: Arc<Restarts>,
}

/// A database on a server.
pub struct Database {
    pub(super) pool: Pool,
    lists: Semaphore,
    lookups: Semaphore,
    reserved: Pool,
    pub(super) keys: Arc<StoreKeys>,
    modules: &'static [Module],
    /// Are the tables there, and the keys right?
    pub(super) prepared: AtomicBool,
    /// What was there of them then.
    tables: OnceLock<BTreeSet<String>>,
    pub(super) health: Arc<Health>,
    restarts: Arc<Restarts>,
}

impl Database {
    /// Migrates, and checks the keys. Where the server is away, a task does so as soon as it can: until then every
    /// transaction is refused.
    pub async fn open(start: Start) -> Result<Arc<Self>, OpenError> {
        let database = Arc::new(Self::new(start, Deadlines::USUAL));
        match database.prepare().await {
            Ok(()) => {}
            Err(NotReady::Refused(error)) => return Err(error),
            Err(NotReady::Failed | NotReady::Busy | NotReady::Full) => {
                warn!("the store is away: the node starts without it, and goes on asking")
            }
        }
        tokio::spawn(keep(Arc::downgrade(&database), Arc::clone(&database.health), Arc::clone(&database.restarts)));
        Ok(database)
    }

    /// Migrates, and checks the keys, now or not at all: what was done to the tables of each module. Then runs this in a
    /// transaction that no other migration has part in.
    pub async fn migrate<T>(
        start: Start,
        then: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Failed>,
    ) -> Result<(Vec<Migrated>, T), OpenError> {
        let health = Arc::new(Health::new(start.metrics.store.of(NAME)));
        let pool = Pool::new(1, start.server, Deadlines::USUAL, health);
        let migrated = migrations::run(&pool, start.modules, &start.keys).await?;
        Ok((migrated, migrations::alone(&pool, then).await?))
    }

    pub(super) fn new(start: Start, deadlines: Deadlines) -> Self {
        let Start { server, keys, modules, metrics, restarts } = start;
        let health = Arc::new(Health::new(metrics.store.of(NAME)));
        let pool = Pool::new(CONNECTIONS, server.clone(), deadlines, Arc::clone(&health));
        let reserved = Pool::new(RESERVED, server, deadlines.of_reserved(), Arc::clone(&health));
        let [lists, lookups] = [LISTS, LOOKUPS].map(Semaphore::new);
        let (prepared, tables) = (AtomicBool::new(false), OnceLock::new());
        Self { pool, lists, lookups, reserved, keys, modules, prepared, tables, health, restarts }
    }

    /// Begins a transaction, on a connection that nobody else uses until its end.
    pub async fn begin(&self) -> Result<Transaction<'_>, Failed> {
        let begun = self.begin_on(&self.pool, self.pool.deadlines).await;
        // Where no connection was free, the database was not asked.
        if !matches!(begun, Err(NotReady::Busy)) {
            self.health.answers(begun.is_ok());
        }
        begun.map_err(|_| Failed::Down)
    }

    /// Begins one for a list or a count, which callers and operators may ask for as often as they like: [`LISTS`] at once, so
    /// that what accepts, marks and ends mail has connections too.
    pub async fn begin_to_list(&self) -> Result<Transaction<'_>, Failed> {
        self.begin_beside(&self.lists).await
    }

    /// Begins one for a look at one row by its key: [`LOOKUPS`] at once, which wait for no list.
    pub async fn begin_to_look_up(&self) -> Result<Transaction<'_>, Failed> {
        self.begin_beside(&self.lookups).await
    }

    async fn begin_beside<'a>(&'a self, others: &'a Semaphore) -> Result<Transaction<'a>, Failed> {
        let Ok(Ok(place)) = timeout(self.pool.deadlines.place, others.acquire()).await else {
            self.health.metrics().down(1);
            return Err(Failed::Down);
        };
        Ok(self.begin().await?.with_place(place))
    }

    /// Begins one on the connection that is kept for the signs of life of this node: no other transaction holds it up.
    /// What is done in it has to be short. Whether it can be begun says nothing of the others, so the store is as up as before.
    pub async fn begin_reserved(&self) -> Result<Transaction<'_>, Failed> {
        self.begin_on(&self.reserved, self.reserved.deadlines).await.map_err(|_| Failed::Down)
    }

    async fn begin_on<'a>(&self, pool: &'a Pool, deadlines: Deadlines) -> Result<Transaction<'a>, NotReady> {
        let is_ready = self.prepared.load(Ordering::Relaxed) && !self.health.is_missing_tables();
        let begun = if is_ready { pool.begin_by(deadlines).await } else { Err(NotReady::Failed) };
        begun.inspect_err(|_| self.health.metrics().down(1))
    }

    /// Does it answer on the connections that work? Where all are taken, the reserved one tells that it does not: by silence,
    /// or because the server cannot be reached. That it is taken too, or that the server lets no more in, says nothing.
    pub(super) async fn try_to_read(&self) -> Result<(), Failed> {
        let begun = match self.begin_on(&self.pool, self.reserved.deadlines).await {
            Err(NotReady::Busy) => {
                let begun = self.begin_on(&self.reserved, self.reserved.deadlines).await;
                if matches!(begun, Err(NotReady::Failed)) {
                    self.health.answers(false);
                }
                begun
            }
            begun => {
                self.health.answers(begun.is_ok());
                begun
            }
        };
        begun.map_err(|_| Failed::Down)?.end().await
    }

    /// Does it answer?
    pub fn is_up(&self) -> bool {
        self.health.up().is_up()
    }

    /// What tells whether it answers.
    pub fn up(&self) -> Up {
        self.health.up().clone()
    }

    /// Where tasks that work with it count that they panicked.
    pub fn restarts(&self) -> &Arc<Restarts> {
        &self.restarts
    }

    /// Brings the tables to the version of this program; safe where several nodes do it at once.
    pub(super) async fn prepare(&self) -> Result<(), NotReady> {
        migrations::run(&self.pool, self.modules, &self.keys).await?;
        let found = tables::find(self.pool.begin(self.pool.deadlines.statement).await?, false).await?;
        self.tables.get_or_init(|| found);
        self.prepared.store(true, Ordering::Relaxed);
        self.health.answers(true);
        Ok(())
    }

    /// Begins a transaction on a connection that works, or on the reserved one where none of those can be had.
    async fn begin_to_try(&self) -> Result<Transaction<'_>, NotReady> {
        let deadlines = self.reserved.deadlines;
        match self.pool.begin_by(deadlines).await {
            Err(NotReady::Busy | NotReady::Full) => self.reserved.begin_by(deadlines).await,
            begun => begun,
        }
    }

    /// Writes something small, after the database could not.
    pub(super) async fn try_to_write(&self) -> Result<(), NotReady> {
        let mut transaction = self.begin_to_try().await?;
        transaction.batch(migrations::WRITE).await?;
        transaction.commit().await?;
        self.health.writes_again();
        Ok(())
    }

    /// Looks for what was missing of the tables, or could not be used.
    pub(super) async fn look_for_tables(&self) -> Result<(), NotReady> {
        let usable = tables::find(self.begin_to_try().await?, true).await?;
        if self.tables.get().is_none_or(|found| found.is_subset(&usable)) {
            self.health.has_tables();
        }
        Ok(())
    }
}

/// Looks after it until it is dropped.
async fn keep(database: Weak<Database>, health: Arc<Health>, restarts: Arc<Restarts>) {
    restart_and_count("task that looks after the store", &restarts, async || {
        let mut wait = DOWN;
        loop {
            // The time is over, or something has failed.
            let _ = timeout(wait, health.has_failed()).await;
            let Some(database) = database.upgrade() else { return };
            wait = look(&database).await;
        }
    })
    .await;
}

/// How long to wait then.
async fn look(database: &Database) -> Duration {
    if !database.prepared.load(Ordering::Relaxed) {
        return match database.prepare().await {
            Ok(()) => UP,
            Err(NotReady::Failed | NotReady::Busy | NotReady::Full) => DOWN,
            Err(NotReady::Refused(error)) => {
                error!(%error, "the store cannot be used");
                REFUSED
            }
        };
    }
    if database.health.is_missing_tables() {
        return database.look_for_tables().await.map_or(DOWN, |()| UP);
    }
    if database.health.cannot_write() {
        return database.try_to_write().await.map_or(DOWN, |()| UP);
    }
    database.try_to_read().await.map_or(DOWN, |()| UP)
}

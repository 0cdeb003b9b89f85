//! The SQLite store: one thread that writes, one that reads, both fed by queues of bounded length.
//!
//! The writer takes all commands that wait, gives each a SAVEPOINT, makes one COMMIT, and answers then: many callers share
//! one fsync. A command that fails undoes itself alone. Deliberately absent: a pool; SQLite has one writer at a time.

mod backup;
mod batch;
mod connection;
mod fault;
mod files;
mod job;
mod known_time;
mod look;
mod partial;
mod queue;
mod reader;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::clock::Clock;
use super::directory::Directory;
use super::failed::Failed;
use super::keys::StoreKeys;
use super::open_error::OpenError;
use super::schema::{Migrated, Module};
use super::up::Up;
use crate::runtime::metrics::Metrics;
use crate::runtime::restart::Restarts;
use connection::Origin;
use fault::Damage;
use queue::Queue;
use writer::{Emptying, Then};

/// What a store starts with.
pub struct Start<'a> {
    /// Where its files are.
    pub directory: &'a Path,
    /// What encrypts.
    pub keys: &'a StoreKeys,
    /// Whose tables it has.
    pub modules: &'static [Module],
    /// What time it is.
    pub clock: Clock,
    /// Where it is counted.
    pub metrics: Arc<Metrics>,
    /// Where its threads count that they panicked.
    pub restarts: Arc<Restarts>,
}

/// An open store. When it is dropped, what waits is written, and the database is closed.
pub struct Sqlite {
    writer: Option<Queue>,
    reader: Option<Queue>,
    threads: Vec<JoinHandle<()>>,
    up: Up,
    clock: Clock,
    directory: Arc<Directory>,
    migrated: Vec<Migrated>,
    then: Then,
    emptying: Emptying,
    damage: Damage,
}

impl Sqlite {
    /// Locks the directory, opens and migrates the database, checks the keys, and starts the threads.
    pub fn open(start: Start<'_>) -> Result<Self, OpenError> {
        let directory = Arc::new(Directory::lock(start.directory)?);
        let name = start.directory.display().to_string();
        let origin = Origin::new(directory.database());
        let up = Up::new(start.metrics.store.of("sqlite"), true);
        let failed = |error| OpenError::of_sqlite(&name, error);
        let mut database = origin.to_write().map_err(failed)?;
        let migrated = prepare(&mut database, &name, &start)?;
        let reading = origin.to_read().map_err(failed)?;
        let (then, thread) = (Then::default(), |error| OpenError::Directory(name.clone(), error));
        let emptying = Emptying::new(start.clock.clone());
        let (restarts, after, damage) = (Arc::clone(&start.restarts), Arc::clone(&then), Damage::default());
        let (writer, write) =
            writer::start(origin.clone(), database, up.clone(), restarts, after, emptying.clone(), damage.clone())
                .map_err(thread)?;
        let (reader, read) = reader::start(origin, reading, start.restarts, damage.clone()).map_err(thread)?;
        let threads = vec![write, read];
        let (writer, reader, clock) = (Some(writer), Some(reader), start.clock);
        Ok(Self { writer, reader, threads, up, clock, directory, migrated, then, emptying, damage })
    }

    /// Is a store in this directory? Nothing is made there.
    pub fn is_there(directory: &Path) -> bool {
        Directory::has_database(directory)
    }

    /// Where the database of a store in this directory is.
    pub fn database_in(directory: &Path) -> PathBuf {
        Directory::database_in(directory)
    }

    /// Runs this in a transaction; its answer comes once it is on the disk.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failed> {
        self.write_mail(0, work).await
    }

    /// As [`Self::write`] does, for work that holds so many bytes of mail.
    pub async fn write_mail<T: Send + 'static>(
        &self,
        bytes: u64,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failed> {
        self.writer.as_ref().ok_or(Failed::Down)?.ask(bytes, work).await
    }

    /// Runs this beside what is written; it sees all that was answered before.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failed> {
        self.reader.as_ref().ok_or(Failed::Down)?.ask(0, work).await.map_err(|_| Failed::Down)
    }

    /// Runs this on the thread that writes, after each COMMIT and before its answers; the first one that is given.
    pub fn after_commits(&self, then: impl Fn(&Connection) + Send + Sync + 'static) {
        // A second one has no use.
        let _ = self.then.set(Box::new(then));
    }

    /// Says that something was erased: no copy of it stays in the log behind a COMMIT of the next second.
    pub fn empty_log(&self) {
        self.emptying.ask();
    }

    /// How often that was said.
    #[cfg(test)]
    pub(crate) fn asked_to_empty_log(&self) -> u32 {
        self.emptying.asked()
    }

    /// Why a call has failed that a start needs.
    pub fn why(&self, failed: Failed) -> OpenError {
        if self.damage.is_found() { OpenError::Damaged(self.directory.shown()) } else { failed.into() }
    }

    /// The file of the database.
    pub fn database(&self) -> PathBuf {
        self.directory.database()
    }

    /// What the start did to its tables.
    pub fn migrated(&self) -> &[Migrated] {
        &self.migrated
    }

    /// Does it write?
    pub fn is_up(&self) -> bool {
        self.up.is_up()
    }

    /// What tells whether it writes.
    pub fn up(&self) -> Up {
        self.up.clone()
    }

    /// Its time.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The share of its disk that is free, in hundredths of a percent; none if that is unknown.
    pub fn free_disk(&self) -> Option<u64> {
        self.directory.free().ok()
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        (self.writer, self.reader) = (None, None);
        for thread in self.threads.drain(..) {
            // A thread that has panicked has nothing left to do.
            let _ = thread.join();
        }
    }
}

/// One transaction for all tables and keys: a start that fails leaves the database as it was.
fn prepare(database: &mut Connection, name: &str, start: &Start<'_>) -> Result<Vec<Migrated>, OpenError> {
    let failed = |error| OpenError::of_sqlite(name, error);
    let transaction = database.transaction().map_err(failed)?;
    let migrated = super::schema::migrate(&transaction, name, start.modules)?;
    super::registered_keys::check(&transaction, name, start.keys, start.modules)?;
    known_time::compare(&transaction, &start.clock).map_err(failed)?;
    transaction.commit().map_err(failed)?;
    Ok(migrated)
}

#[cfg(test)]
mod tests;

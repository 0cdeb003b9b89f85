//! The thread that writes: batches while the store is up, attempts to open it anew while it is not.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tokio::time::Instant;
use tracing::{error, info};

use super::batch::{self, Transaction, transact};
use super::connection::Origin;
use super::fault::number;
use super::files::{Files, is_of_the_place};
use super::job::Job;
use super::queue::Queue;
use crate::runtime::restart::{Restarts, restart_in_thread};
use crate::state::store::failed::Failed;
use crate::state::store::up::Up;

/// Without a command for so long, the log is emptied; after a failure, the database is opened anew.
const REST: Duration = Duration::from_secs(1);
/// Free pages that are given back to the disk at a time.
const FREED: u32 = 1000;

/// What is done after each COMMIT, once it is known.
pub(super) type Then = Arc<OnceLock<Box<dyn Fn(&Connection) + Send + Sync>>>;

/// The state of the thread.
struct Writer {
    origin: Origin,
    /// None after a failure, and while a transaction is under way: a panic takes the connection with it.
    database: Option<Connection>,
    /// Those of the connection.
    files: Files,
    failed_at: Instant,
    /// Was something written since the log was emptied?
    wrote: bool,
    up: Up,
    then: Then,
}

/// Starts the thread; it ends when the last end of the queue is gone and everything in it is written.
pub(super) fn start(
    origin: Origin,
    database: Connection,
    up: Up,
    restarts: Arc<Restarts>,
    then: Then,
) -> io::Result<(Queue, JoinHandle<()>)> {
    let (queue, jobs) = Queue::new();
    let (files, failed_at) = (origin.files(), Instant::now());
    let mut writer = Writer { origin, database: Some(database), files, failed_at, wrote: true, up, then };
    let work = move || restart_in_thread("thread that writes to the store", &restarts, || writer.work(&jobs));
    let thread = Builder::new().name("store-writer".to_owned()).spawn(work)?;
    Ok((queue, thread))
}

impl Writer {
    fn work(&mut self, jobs: &Receiver<Box<dyn Job>>) {
        loop {
            match jobs.recv_timeout(REST) {
                Ok(first) => {
                    let rest = jobs.try_iter().take(batch::MAX - 1);
                    self.carry_out([first].into_iter().chain(rest).collect());
                }
                Err(RecvTimeoutError::Timeout) => self.rest(),
                Err(RecvTimeoutError::Disconnected) => return self.rest(),
            }
        }
    }

    fn carry_out(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        self.reopen();
        let Some(database) = self.database.take() else {
            return self.answer(jobs, Err(Failed::Down));
        };
        let start = Instant::now();
        let transaction = transact(&database, &self.files, &mut jobs);
        self.up.metrics.committed(start.elapsed().as_secs_f64());
        self.wrote = true;
        if let (Transaction::Committed, Some(then)) = (&transaction, self.then.get()) {
            then(&database);
        }
        let answer = transaction.answer();
        match transaction {
            Transaction::Committed => self.database = Some(database),
            Transaction::RolledBack(error) | Transaction::Unclear(error) => self.broken(&error),
        }
        self.answer(jobs, answer);
    }

    fn answer(&self, jobs: Vec<Box<dyn Job>>, answer: Result<(), Failed>) {
        let count = match answer {
            Ok(()) => |up: &Up, jobs| up.metrics.written(jobs),
            Err(Failed::Down) => |up: &Up, jobs| up.metrics.down(jobs),
            Err(Failed::Unclear) => |up: &Up, jobs| up.metrics.unclear(jobs),
        };
        count(&self.up, jobs.len());
        jobs.into_iter().for_each(|job| job.answer(answer));
    }

    /// Whatever the connection still believes of the disk may be wrong.
    fn broken(&mut self, error: &rusqlite::Error) {
        let number = number(error);
        if is_of_the_place(error) {
            let database = self.origin.path().display();
            error!(number, %database, "a file of the store was removed, renamed or replaced: put it back");
        }
        error!(number, "the store cannot write: nothing is accepted for later, claimed or marked");
        self.database = None;
        self.failed_at = Instant::now();
        self.up.set(false);
    }

    fn reopen(&mut self) {
        if self.database.is_some() || self.failed_at.elapsed() < REST {
            return;
        }
        match sound(&self.origin) {
            Ok(database) => {
                info!("the store writes again");
                self.database = Some(database);
                self.files = self.origin.files();
                self.up.set(true);
            }
            Err(_) => {
                self.failed_at = Instant::now();
                self.up.set(false);
            }
        }
    }

    /// Gives free pages back and empties the log, so that nothing that was deleted stays in it.
    fn rest(&mut self) {
        self.reopen();
        let Some(database) = self.database.as_ref().filter(|_| self.wrote) else { return };
        match vacuum(database).and_then(|()| empty_log(database)) {
            Ok(empty) => self.wrote = !empty,
            Err(error) => self.broken(&error),
        }
    }
}

/// A new connection, once everything in the log is in the database itself and a write was durable.
///
/// After an fsync that failed, the log may be in memory only, though it can be read (a kernel reports the error once). What
/// is written behind such a log would be lost with it. So its content has to be written once more, and synced, elsewhere:
/// a checkpoint does both, and the log begins anew.
fn sound(origin: &Origin) -> rusqlite::Result<Connection> {
    let database = origin.to_write()?;
    if !empty_log(&database)? {
        return Err(rusqlite::Error::InvalidQuery);
    }
    database.execute_batch("begin immediate; update schema set version = version; commit")?;
    Ok(database)
}

/// Could all of it be moved into the database? A reader may stand in the way.
fn empty_log(database: &Connection) -> rusqlite::Result<bool> {
    database.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0).map(|busy: i64| busy == 0))
}

fn vacuum(database: &Connection) -> rusqlite::Result<()> {
    database.pragma(None, "incremental_vacuum", FREED, |_| Ok(()))
}

//! The thread that writes: batches while the store is up, attempts to open it anew while it is not.
//!
//! What was deleted stays in the log until the log is emptied. So it is emptied while nothing is written, after an
//! [`Emptying::ask`] within [`ASKED_EVERY`], and once in [`EMPTIED_EVERY`] on a store that is never idle.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tokio::time::Instant;
use tracing::{error, info};

use super::batch::{self, Transaction, transact};
use super::connection::{BUSY, Origin};
use super::fault::{Damage, number};
use super::files::{Files, is_of_the_place};
use super::job::Job;
use super::known_time::KnownTime;
use super::queue::Queue;
use crate::runtime::restart::{Restarts, restart_in_thread};
use crate::runtime::unix_time::UnixTime;
use crate::state::store::clock::Clock;
use crate::state::store::failed::Failed;
use crate::state::store::up::Up;

/// Without a command for so long, the log is emptied; after a failure, the database is opened anew.
const REST: Duration = Duration::from_secs(1);
/// After it was asked for, the log is emptied so often at most: that costs what some COMMITs cost, and all callers wait.
const ASKED_EVERY: Duration = Duration::from_secs(1);
/// The log is emptied so often at least, however much is written.
const EMPTIED_EVERY: Duration = Duration::from_secs(60);
/// A reader may stand in the way of that: from one attempt to the next.
const RETRIED_AFTER: Duration = Duration::from_secs(1);
/// A transaction that only reads, such as a backup's, may hold the writer up so long while the log is emptied.
const READERS: Duration = Duration::from_millis(100);
/// Free pages that are given back to the disk at a time.
const FREED: u32 = 1000;

/// What is done after each COMMIT, once it is known.
pub(super) type Then = Arc<OnceLock<Box<dyn Fn(&Connection) + Send + Sync>>>;

/// When the log is to be emptied next.
#[derive(Clone)]
pub(super) struct Emptying {
    clock: Clock,
    /// How often it was asked for.
    asked: Arc<AtomicU32>,
}

impl Emptying {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, asked: Arc::default() }
    }

    /// Something was erased: the log is emptied behind a COMMIT of the next second, or once nothing is written.
    pub(super) fn ask(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it was asked for, around the range of the number.
    pub(super) fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

/// The state of the thread.
struct Writer {
    origin: Origin,
    emptying: Emptying,
    known_time: KnownTime,
    /// When that has to be done, by the clock of the store.
    empty_by: UnixTime,
    /// When it may be done because of what is asked, and how much of that was heard.
    ask_from: UnixTime,
    heard: u32,
    /// None after a failure, and while a transaction is under way: a panic takes the connection with it.
    database: Option<Connection>,
    /// Those of the connection.
    files: Files,
    /// Were some of them taken away? Then nothing is opened until the same ones are back: a new log would be taken for the
    /// one that other connections still use, and pages of the database would be overwritten with others.
    is_moved: bool,
    failed_at: Instant,
    /// Was something written since the log was emptied?
    wrote: bool,
    up: Up,
    then: Then,
    /// Nothing is opened after that.
    damage: Damage,
}

/// Starts the thread; it ends when the last end of the queue is gone and everything in it is written.
pub(super) fn start(
    origin: Origin,
    database: Connection,
    up: Up,
    restarts: Arc<Restarts>,
    then: Then,
    emptying: Emptying,
    damage: Damage,
) -> io::Result<(Queue, JoinHandle<()>)> {
    let (queue, jobs) = Queue::new();
    let (files, failed_at) = (origin.files(), Instant::now());
    let (ask_from, heard) = (emptying.clock.now(), emptying.asked());
    let empty_by = ask_from.after(EMPTIED_EVERY);
    let database = Some(database);
    let mut writer = Writer {
        origin,
        known_time: KnownTime::new(emptying.clock.clone()),
        emptying,
        empty_by,
        ask_from,
        heard,
        database,
        files,
        is_moved: false,
        failed_at,
        wrote: true,
        up,
        then,
        damage,
    };
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
                    self.empty_in_time();
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
        let transaction = transact(&database, &self.files, &mut jobs, &mut self.known_time);
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
            self.is_moved = true;
            let database = self.origin.path().display();
            error!(number, %database, "a file of the store was removed, renamed or replaced: put it back, or stop the node");
        }
        self.damage.note(error);
        error!(number, "the store cannot write: nothing is accepted for later, claimed or marked");
        self.database = None;
        self.failed_at = Instant::now();
        self.up.set(false);
    }

    fn reopen(&mut self) {
        if self.damage.is_found() {
            self.database = None;
            self.up.set(false);
            return;
        }
        if self.database.is_some() || self.failed_at.elapsed() < REST {
            return;
        }
        let in_place = if self.is_moved { self.files.check() } else { Ok(()) };
        match in_place.and_then(|()| sound(&self.origin)) {
            Ok(database) => {
                info!("the store writes again");
                self.database = Some(database);
                self.files = self.origin.files();
                self.is_moved = false;
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
        let emptied = vacuum(database).and_then(|()| empty_log_soon(database));
        self.emptied(emptied);
    }

    /// Empties the log between two transactions, if that has to be done by now.
    fn empty_in_time(&mut self) {
        let (now, asked) = (self.emptying.clock.now(), self.emptying.asked());
        let is_asked = asked != self.heard && now >= self.ask_from;
        if now < self.empty_by && !is_asked {
            return;
        }
        let Some(database) = self.database.as_ref() else { return };
        (self.heard, self.ask_from) = (asked, now.after(ASKED_EVERY));
        let emptied = empty_log_soon(database);
        self.emptied(emptied);
    }

    fn emptied(&mut self, emptied: rusqlite::Result<bool>) {
        match emptied {
            Ok(empty) => {
                self.wrote = !empty;
                let next = if empty { EMPTIED_EVERY } else { RETRIED_AFTER };
                self.empty_by = self.emptying.clock.now().after(next);
            }
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

/// As [`empty_log`] does, but waits for readers for a moment only: commands wait meanwhile.
fn empty_log_soon(database: &Connection) -> rusqlite::Result<bool> {
    database.busy_timeout(READERS)?;
    let emptied = empty_log(database);
    database.busy_timeout(BUSY)?;
    emptied
}

/// Could all of it be moved into the database? A reader may stand in the way.
fn empty_log(database: &Connection) -> rusqlite::Result<bool> {
    database.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0).map(|busy: i64| busy == 0))
}

fn vacuum(database: &Connection) -> rusqlite::Result<()> {
    database.pragma(None, "incremental_vacuum", FREED, |_| Ok(()))
}

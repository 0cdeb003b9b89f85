//! Commands that share one transaction.

use rusqlite::Connection;
use tracing::error;

use super::fault::{is_of_the_disk, number};
use super::files::Files;
use super::job::{Done, Job};
use super::known_time::KnownTime;
use crate::state::store::failed::Failed;

/// Commands of one transaction, at most: a caller does not wait for more than these.
pub(super) const MAX: usize = 256;

/// What became of a transaction.
#[derive(Debug)]
pub(super) enum Transaction {
    /// It is on the disk.
    Committed,
    /// Nothing of it was written.
    RolledBack(rusqlite::Error),
    /// SQLite reported an error for the COMMIT, or it was written to a file that is no longer in its place: the next start
    /// may find it, or not.
    Unclear(rusqlite::Error),
}

impl Transaction {
    /// What its commands are told.
    pub(super) fn answer(&self) -> Result<(), Failed> {
        match self {
            Self::Committed => Ok(()),
            Self::RolledBack(_) => Err(Failed::Down),
            Self::Unclear(_) => Err(Failed::Unclear),
        }
    }
}

/// Runs all commands in one transaction. A command that fails undoes itself alone, unless the disk is at fault. The files
/// are looked at before it, and again before anybody hears that it is on the disk.
pub(super) fn transact(
    database: &Connection,
    files: &Files,
    jobs: &mut [Box<dyn Job>],
    known_time: &mut KnownTime,
) -> Transaction {
    let done = files
        .check()
        .and_then(|()| database.execute_batch("begin immediate"))
        .and_then(|()| jobs.iter_mut().try_for_each(|job| run(database, job)))
        .and_then(|()| known_time.write(database));
    if let Err(error) = done {
        // Where SQLite has rolled back by itself there is nothing to roll back.
        let _ = database.execute_batch("rollback");
        return Transaction::RolledBack(error);
    }
    match database.execute_batch("commit").and_then(|()| files.check()) {
        Ok(()) => Transaction::Committed,
        Err(error) => {
            // After a COMMIT there is nothing to roll back.
            let _ = database.execute_batch("rollback");
            Transaction::Unclear(error)
        }
    }
}

/// An error is the whole transaction's.
fn run(database: &Connection, job: &mut Box<dyn Job>) -> rusqlite::Result<()> {
    database.execute_batch("savepoint command")?;
    match job.run(database) {
        Done::Well => return database.execute_batch("release command"),
        // SQLite may have rolled back everything, which undoes the commands before this one too.
        Done::Failed(error) if is_of_the_disk(&error) || database.is_autocommit() => return Err(error),
        Done::Failed(error) => error!(number = number(&error), "a command to the store is at fault: it was undone"),
        Done::Panicked => error!("a command to the store panicked: it was undone"),
    }
    database.execute_batch("rollback to command; release command")
}

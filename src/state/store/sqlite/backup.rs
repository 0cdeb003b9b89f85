//! A copy of a database that a node may have open, made while the node goes on.
//!
//! `VACUUM INTO` reads what the tables hold at one moment and writes a new database of it, row by row: no page is copied, so
//! nothing that was deleted can be in the copy, and a damaged table is an error instead of a damaged copy. The copy has no log
//! beside it. A node must hold its database while it is read, so the log of the node grows meanwhile. Deliberately absent: a
//! copy over a file that is there.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::Builder;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::Sqlite;
use super::connection::BUSY;
use super::partial::Partial;
use crate::state::store::backup::{BackupError, Copied};
use crate::state::store::directory::Directory;
use crate::state::store::keys::StoreKeys;
use crate::state::store::open_error::OpenError;
use crate::state::store::registered_keys;
use crate::state::store::schema::{self, Module};

/// From one look at how far it is to the next.
const LOOK: Duration = Duration::from_millis(100);

impl Sqlite {
    /// Copies the database in this directory to a new file, whose name is there once all of it is on the disk; the keys must be
    /// those that it was written with. Blocks. `go_on` is told how far it is, and ends it by a false. The size of the copy.
    pub fn back_up(
        directory: &Path,
        keys: &StoreKeys,
        modules: &[Module],
        file: &Path,
        mut go_on: impl FnMut(Copied) -> bool,
    ) -> Result<u64, BackupError> {
        let name = directory.display().to_string();
        let database = to_copy(&Directory::database_in(directory), &name, keys, modules)?;
        let failed = |error| OpenError::of_sqlite(&name, error);
        let of = size(&database).map_err(failed)?;
        let partial = Partial::create(file)?;
        let into = partial.path().to_owned();
        let interrupt = database.get_interrupt_handle();
        let (done, result) = mpsc::channel();
        // The receiver is there until the end was heard.
        let copy = move || done.send(database.execute("vacuum into ?1", [&into]));
        let copying =
            Builder::new().name("store-backup".to_owned()).spawn(copy).map_err(|error| partial.failed(error))?;
        let mut is_stopped = false;
        let copied = loop {
            is_stopped = is_stopped || !go_on(Copied { bytes: partial.size(), of });
            if is_stopped {
                // Again and again: one that comes before the statement has begun is lost.
                interrupt.interrupt();
            }
            match result.recv_timeout(LOOK) {
                Ok(copied) => break copied,
                Err(RecvTimeoutError::Disconnected) => break Err(rusqlite::Error::InvalidQuery),
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        // Its end was heard above.
        let _ = copying.join();
        match copied {
            _ if is_stopped => Err(BackupError::Stopped),
            Ok(_) => partial.finish(),
            Err(error) => Err(BackupError::Copy { of: name, to: partial.shown(), error }),
        }
    }
}

/// A connection that reads what was looked at: tables of any version that this program knows, and the keys of them.
fn to_copy(path: &Path, name: &str, keys: &StoreKeys, modules: &[Module]) -> Result<Connection, BackupError> {
    let failed = |error| OpenError::of_sqlite(name, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let mut database = Connection::open_with_flags(path, flags).map_err(failed)?;
    database.busy_timeout(BUSY).map_err(failed)?;
    database.execute_batch("pragma trusted_schema = off").map_err(failed)?;
    let transaction = database.transaction().map_err(failed)?;
    if schema::behind(&transaction, name, modules)?.is_some_and(|behind| behind.from == 0) {
        return Err(BackupError::NoStore(name.to_owned()));
    }
    registered_keys::compare(&transaction, name, keys, modules)?;
    transaction.rollback().map_err(failed)?;
    Ok(database)
}

/// Without the pages that nothing uses.
fn size(database: &Connection) -> rusqlite::Result<u64> {
    let sql = "select (page_count - freelist_count) * page_size
        from pragma_page_count, pragma_freelist_count, pragma_page_size";
    database.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

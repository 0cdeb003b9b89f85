//! Connections to the database, and what SQLite promises on them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::files::Files;

/// The reader waits for the writer to restart the log, at most.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// Statements that stay prepared.
const STATEMENTS: usize = 128;

/// Before there are tables, because it cannot be set afterwards.
const FILE: &str = "pragma auto_vacuum = incremental;";
/// What each connection has to be told: none of it is kept in the file, but for the log (WAL).
/// What is deleted is overwritten, because addresses and contents must not be found in free pages.
const EACH: &str = "pragma journal_mode = wal;
    pragma synchronous = full;
    pragma foreign_keys = on;
    pragma secure_delete = on;
    pragma trusted_schema = off;
    pragma temp_store = memory;
    pragma cache_size = -8192;
    pragma journal_size_limit = 67108864;";

/// Where connections lead to: one file, and no other one that is at its path later.
#[derive(Clone)]
pub(super) struct Origin {
    path: PathBuf,
    database: Files,
}

impl Origin {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { database: Files::at([path.clone()]), path }
    }

    /// The file of the database.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The database, and its log, which is there as long as a connection is open.
    pub(super) fn files(&self) -> Files {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        self.database.and(Files::at([log.into()]))
    }

    /// For the one thread that writes.
    pub(super) fn to_write(&self) -> rusqlite::Result<Connection> {
        let connection = self.open(FILE)?;
        let (mode, synchronous): (String, i64) = (
            connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?,
            connection.pragma_query_value(None, "synchronous", |row| row.get(0))?,
        );
        // FULL, of a log that survives the process: nothing else makes an answer true.
        if mode == "wal" && synchronous == 2 { Ok(connection) } else { Err(rusqlite::Error::InvalidQuery) }
    }

    /// For the thread that reads.
    pub(super) fn to_read(&self) -> rusqlite::Result<Connection> {
        let connection = self.open("")?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }

    fn open(&self, first: &str) -> rusqlite::Result<Connection> {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        self.database.check()?;
        connection.busy_timeout(BUSY)?;
        connection.execute_batch(first)?;
        connection.execute_batch(EACH)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Else a statement with a time or a limit is prepared again for each value, which would cost more than to run it. So a
        // bound value must not choose a partial index: the condition of the index is written into the statement.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(connection)
    }
}

//! What is told of a backup of a SQLite store: how far it is, or why there is none and what to do.

use std::io;

use super::open_error::OpenError;

/// How far a copy is, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// What is written so far.
    pub bytes: u64,
    /// About what it comes to.
    pub of: u64,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// No tables are there.
    #[error("there is no store in {0}")]
    NoStore(String),
    /// The database cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file of this name.
    #[error("{0} is there already, and no backup is written over a file: name another one")]
    Exists(String),
    /// What another backup to this name is writing, or was when it was killed.
    #[error("{0} is there: another backup writes it, or was killed while it did. Remove it if none runs")]
    Partial(String),
    /// The file cannot be made or synced.
    #[error("{0} cannot be written: {1}")]
    File(String, io::Error),
    /// SQLite has given it up, as where the disk is full.
    #[error("{of} could not be copied to {to}: {error}")]
    Copy {
        /// The directory of the store.
        of: String,
        /// The file.
        to: String,
        /// What SQLite says.
        error: rusqlite::Error,
    },
    /// By a signal.
    #[error("stopped by a signal: no backup was made")]
    Stopped,
}

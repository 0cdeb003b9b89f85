//! What an error of SQLite says of the database: a fault of one command, or of the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Error, ErrorCode};
use tracing::error;

use crate::state::store::open_error::is_damage;

/// Was the database found damaged? Clones know the same. It stays so until a new start: another attempt may read and write
/// what is whole of it, and a person has to put a whole one there.
#[derive(Clone, Default)]
pub(super) struct Damage(Arc<AtomicBool>);

impl Damage {
    /// Looks whether an error tells of it.
    pub(super) fn note(&self, error: &Error) {
        if is_damage(error) && !self.0.swap(true, Ordering::Relaxed) {
            error!(number = number(error), "the database of the store is damaged: stop the node, and restore a backup");
        }
    }

    pub(super) fn is_found(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Is it the disk, or the database on it? Then nothing is written until the database was opened anew.
pub(super) fn is_of_the_disk(error: &Error) -> bool {
    let disk = [
        ErrorCode::SystemIoFailure,
        ErrorCode::DiskFull,
        ErrorCode::DatabaseCorrupt,
        ErrorCode::NotADatabase,
        ErrorCode::CannotOpen,
        ErrorCode::ReadOnly,
        ErrorCode::PermissionDenied,
        ErrorCode::OutOfMemory,
        ErrorCode::FileLockingProtocolFailed,
    ];
    error.sqlite_error_code().is_some_and(|code| disk.contains(&code))
}

/// The number that SQLite has for it (its result codes); no text, which may quote what was to be written.
pub(super) fn number(error: &Error) -> i32 {
    error.sqlite_extended_error_code().unwrap_or_default()
}

//! What an error of SQLite says of the database: a fault of one command, or of the disk.

use rusqlite::{Error, ErrorCode};

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

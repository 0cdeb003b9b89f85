//! `smsp store backup FILE`: a copy of a SQLite store in a new file.
//!
//! A node may have the store open, and is not held up. Deliberately absent: PostgreSQL, which has programs of its own for
//! that.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::block_in_place;
use tokio::time::Instant;

use super::config::Config;
use super::failure::Failure;
use super::progress::how_far;
use super::store_command::{configured, no_store_in};
use crate::runtime::shutdown::Signals;
use crate::state::outbox;
use crate::state::store::{BackupError, Copied, Location, Sqlite};

const KIB: u64 = 1024;
const NOT_HERE: &str = "the store is a PostgreSQL database, which is backed up by PostgreSQL's own programs: pg_dump for a copy of \
     one moment, or pg_basebackup and an archive of its log for any moment (PITR); docs/how-to/back-up-and-restore.md";

/// Writes a copy of the store to a new file, and prints its name and size; `progress` is told meanwhile.
pub async fn back_up(
    config: Config,
    file: &Path,
    mut print: impl FnMut(String),
    progress: impl Fn(&str),
) -> Result<bool, Failure> {
    let store = configured(&config)?;
    let Location::Sqlite(directory) = &store.location else {
        return Err(Failure { error: NOT_HERE.to_owned(), is_of_configuration: true });
    };
    if !Sqlite::is_there(directory) {
        return Err(no_store_in(&store.location.shown()).into());
    }
    let mut signals = Signals::listen().map_err(|error| error.to_string())?;
    let stopped = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&stopped);
    let waiting = tokio::spawn(async move {
        signals.recv().await;
        stop.store(true, Ordering::Relaxed);
    });
    // The signal is heard by another worker.
    let copied = block_in_place(|| {
        let start = Instant::now();
        Sqlite::back_up(directory, &store.keys, &[outbox::TABLES], file, |Copied { bytes, of }| {
            progress(&how_far("copied", (bytes / KIB, of / KIB), " KiB", start.elapsed()));
            !stopped.load(Ordering::Relaxed)
        })
    });
    waiting.abort();
    progress("");
    let bytes = copied?;
    print(format!("backup: {}", file.display()));
    print(format!("bytes: {bytes}"));
    Ok(true)
}

/// It is the configuration that is wrong only where it was so before.
impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Open(error) => error.into(),
            error => error.to_string().into(),
        }
    }
}

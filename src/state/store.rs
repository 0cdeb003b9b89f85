//! The store: the database that keeps what has to outlive a process, and the keys that keep it secret.
//!
//! SQLite is for exactly one process, on a disk of its own machine; PostgreSQL is for several. Each module that keeps
//! something brings its tables ([`Module`]); the store opens, migrates, commits and says whether it is up. Invariants: an
//! answer is given once what it says is on the disk; after a failed COMMIT or fsync of SQLite nothing is read or written
//! before the database was opened anew and a write to it was durable. Deliberately absent: what is kept, and SQL of it;
//! waiting for a store that is down.

mod backup;
mod call_spans;
mod clock;
mod directory;
mod failed;
mod keys;
mod location;
mod looked;
mod missing_keys;
mod open_error;
mod registered_keys;
#[cfg(test)]
pub(super) mod released;
pub mod postgres;
mod schema;
pub mod settings;
mod sqlite;
mod up;
mod withdrawal;

pub use backup::{BackupError, Copied};
pub use call_spans::Spans;
pub use clock::{Clock, Times};
pub use failed::{Answered, Failed};
pub use keys::{StoreKeys, Wrapped};
pub use location::{Location, WrongLocation};
pub use looked::Looked;
pub use missing_keys::{Missing, MissingKeys};
pub use open_error::OpenError;
pub use schema::{Migrated, Module, Step};
pub use sqlite::{Sqlite, Start};
pub use up::Up;
pub use withdrawal::Withdrawal;

//! A look at a database that a node may have open: nothing is changed, and nobody is kept out.
//!
//! SQLite itself may leave an empty log and its index beside the database; the next node uses them.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::Sqlite;
use super::connection::BUSY;
use crate::state::store::directory::Directory;
use crate::state::store::keys::StoreKeys;
use crate::state::store::looked::Looked;
use crate::state::store::open_error::OpenError;
use crate::state::store::registered_keys;
use crate::state::store::schema::{self, Module};

impl Sqlite {
    /// Runs this in a transaction that can only read, if the tables are those of this program. The keys are compared too.
    pub fn look<T>(
        directory: &Path,
        keys: &StoreKeys,
        modules: &[Module],
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<Looked<T>, OpenError> {
        let name = directory.display().to_string();
        let failed = |error| OpenError::of_sqlite(&name, error);
        let mut database = to_look(&Directory::database_in(directory)).map_err(failed)?;
        // One transaction, so that all of it is of one moment; it is rolled back.
        let transaction = database.transaction().map_err(failed)?;
        if let Some(behind) = schema::behind(&transaction, &name, modules)? {
            return Ok(Looked::Behind(behind));
        }
        registered_keys::compare(&transaction, &name, keys, modules)?;
        work(&transaction).map(Looked::Read).map_err(failed)
    }
}

fn to_look(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let database = Connection::open_with_flags(path, flags)?;
    database.busy_timeout(BUSY)?;
    database.execute_batch("pragma query_only = on; pragma trusted_schema = off")?;
    Ok(database)
}

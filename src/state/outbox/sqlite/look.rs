//! A look at the outbox of a store that a node may have open.

use std::path::Path;

use super::remembering::Remembering;
use super::{SqliteOutbox, TABLES, history, operators};
use crate::state::outbox::Overview;
use crate::state::store::{Looked, OpenError, Sqlite, StoreKeys};

impl SqliteOutbox {
    /// What the store in this directory says of its outbox. Nothing is changed in it, nor beside it.
    pub fn look(directory: &Path, keys: &StoreKeys) -> Result<Looked<Overview>, OpenError> {
        let unusable = |error| OpenError::Directory(directory.display().to_string(), error);
        // Before the database is read: what a node marks meanwhile must not be missed in it.
        let memory = Remembering::open(&Sqlite::database_in(directory)).map_err(unusable)?;
        Sqlite::look(directory, keys, &[TABLES], |database| {
            Ok(Overview {
                history: history::look(database, &memory)?,
                paused: operators::is_paused(database)?,
                counts: operators::counts(database)?,
            })
        })
    }
}

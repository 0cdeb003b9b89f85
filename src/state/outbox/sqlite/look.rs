//! A look at the outbox of a store that a node may have open.

use std::path::Path;

use super::remembering::Remembering;
use super::{SqliteOutbox, history, operators};
use crate::state::outbox::Overview;
use crate::state::store::{Looked, Module, OpenError, Sqlite, StoreKeys};

impl SqliteOutbox {
    /// What the store in this directory, which should have the tables of these modules, says of its outbox. Nothing is changed
    /// in it, nor beside it.
    pub fn look(directory: &Path, keys: &StoreKeys, modules: &[Module]) -> Result<Looked<Overview>, OpenError> {
        let unusable = |error| OpenError::Directory(directory.display().to_string(), error);
        // Before the database is read: what a node marks meanwhile must not be missed in it.
        let memory = Remembering::open(&Sqlite::database_in(directory)).map_err(unusable)?;
        Sqlite::look(directory, keys, modules, |database| {
            Ok(Overview {
                history: history::look(database, &memory)?,
                paused: operators::is_paused(database)?,
                counts: operators::counts(database)?,
            })
        })
    }
}

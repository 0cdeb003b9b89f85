//! Why a store cannot be opened, and what to do.

use std::io::{self, ErrorKind};

use rusqlite::{Error, ErrorCode};

use super::failed::Failed;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A second process.
    #[error("{0} is in use by another process; SQLite is for one process only")]
    InUse(String),
    /// Locks and fsync are not to be relied on there.
    #[error(
        "SMSP_STORE: {0} is on a network file system ({1}), where SQLite databases get corrupted: use a local disk"
    )]
    Network(String, &'static str),
    /// The directory is missing, or may not be written.
    #[error("SMSP_STORE: {0} cannot be used: {1}")]
    Directory(String, io::Error),
    /// SQLite cannot read or write the file.
    #[error("{0} cannot be opened: {1}")]
    Database(String, Error),
    /// What is in the file is no database, or not all of one.
    #[error("the database in {0} is damaged: restore a backup (docs/how-to/back-up-and-restore.md)")]
    Damaged(String),
    /// A newer version has written it in a way that this one does not understand.
    #[error(
        "the store was written by a newer version of smsp (schema {found} of {module}, this version knows {known})"
    )]
    NewerSchema {
        /// Whose tables.
        module: &'static str,
        /// The oldest schema that could work with it.
        found: u32,
        /// The newest schema of this version.
        known: u32,
    },
    /// The key under this id is another one.
    #[error("SMSP_STORE_KEY: the key `{0}` is not the one that the store was written with")]
    WrongKey(String),
    /// Something in the store was encrypted with a key that is not given.
    #[error("SMSP_STORE_KEY: the store has content under the key `{0}`: give it as the second key")]
    MissingKey(String),
    /// The database server refuses what is needed, and will refuse it again.
    #[error("the database server refuses {0}")]
    Refused(&'static str),
    /// Perhaps for now only.
    #[error("{0}")]
    Failed(#[from] Failed),
}

impl OpenError {
    /// What SQLite says of the database in this directory.
    pub(super) fn of_sqlite(directory: &str, error: Error) -> Self {
        if is_damage(&error) {
            return Self::Damaged(directory.to_owned());
        }
        Self::Database(directory.to_owned(), error)
    }

    /// Is it the configuration that has to be changed, or the version that runs? A start with the same ones would fail
    /// again, unlike one that waits for another process, or for a disk or a server that is ill.
    pub fn is_of_configuration(&self) -> bool {
        match self {
            Self::Network(..)
            | Self::NewerSchema { .. }
            | Self::WrongKey(_)
            | Self::MissingKey(_)
            | Self::Refused(_) => true,
            Self::Directory(_, error) => matches!(
                error.kind(),
                ErrorKind::NotFound
                    | ErrorKind::NotADirectory
                    | ErrorKind::PermissionDenied
                    | ErrorKind::ReadOnlyFilesystem
            ),
            Self::InUse(_) | Self::Database(..) | Self::Damaged(_) | Self::Failed(_) => false,
        }
    }
}

/// Does SQLite say that what is in the file is no database, or not all of one?
pub(super) fn is_damage(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_person_can_change_is_of_the_configuration_and_names_its_variable() {
        let place = || "/s".to_owned();
        for (kind, variable) in [
            (OpenError::Network(place(), "NFS"), "SMSP_STORE: "),
            (OpenError::Directory(place(), ErrorKind::NotFound.into()), "SMSP_STORE: "),
            (OpenError::Directory(place(), ErrorKind::NotADirectory.into()), "SMSP_STORE: "),
            (OpenError::Directory(place(), ErrorKind::PermissionDenied.into()), "SMSP_STORE: "),
            (OpenError::Directory(place(), ErrorKind::ReadOnlyFilesystem.into()), "SMSP_STORE: "),
            (OpenError::WrongKey("a".to_owned()), "SMSP_STORE_KEY: "),
            (OpenError::MissingKey("a".to_owned()), "SMSP_STORE_KEY: "),
            (
                OpenError::NewerSchema { module: "outbox", found: 2, known: 1 },
                "the store was written by a newer version",
            ),
            (OpenError::Refused("the login"), "the database server refuses "),
        ] {
            assert!(kind.is_of_configuration() && kind.to_string().starts_with(variable), "{kind}");
        }
        for passes in [
            OpenError::InUse(place()),
            OpenError::Directory(place(), ErrorKind::StorageFull.into()),
            OpenError::Database(place(), Error::InvalidQuery),
            OpenError::Damaged(place()),
            OpenError::Failed(Failed::Down),
        ] {
            assert!(!passes.is_of_configuration(), "{passes}");
        }
    }
}

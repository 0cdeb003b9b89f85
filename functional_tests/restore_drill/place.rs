//! Where the store of the drill is, before the loss and after it.

use tempfile::TempDir;

use crate::harness::outbox::Store;
use crate::harness::postmaster::Postmaster;

pub(super) enum Place {
    Sqlite(TempDir),
    /// A server of its own, whose databases are called as in the document; the one that is in use.
    Postgres(Postmaster, &'static str),
}

impl Place {
    pub(super) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().expect("a temporary directory can be made"))
    }

    /// None, which is counted, if PostgreSQL is not here.
    pub(super) async fn postgres() -> Option<Self> {
        let server = Postmaster::start()?;
        server.sql("postgres", "create database smsp").await;
        Some(Self::Postgres(server, "smsp"))
    }

    pub(super) fn store(&self) -> Store {
        match self {
            Self::Sqlite(directory) => Store::sqlite(directory.path()),
            Self::Postgres(server, database) => Store::at(&server.url(database)),
        }
    }

    /// The section that tells how it is backed up.
    pub(super) fn backing_up(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "Back up SQLite",
            Self::Postgres(..) => "Back up PostgreSQL",
        }
    }

    /// The section that tells how it is restored.
    pub(super) fn restoring(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "Restore SQLite",
            Self::Postgres(..) => "Restore PostgreSQL",
        }
    }

    /// It is another database from now on, where the document says so.
    pub(super) fn is_restored(&mut self) {
        if let Self::Postgres(_, database) = self {
            *database = "restored";
        }
    }

    /// By what it is noticed: the marks of what was sent after the backup, or that it is another table.
    pub(super) fn went_back(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "went back: 27 marks are missing that are remembered\n",
            Self::Postgres(..) => "went back: the database is in another place than before\n",
        }
    }
}

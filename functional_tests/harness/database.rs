//! The database of one test's outbox, of either kind: it outlives the nodes, and is looked at and changed from outside.
//!
//! What is asked of it is written in two ways: as SQLite has it, and as PostgreSQL has it.

use std::path::Path;
use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use super::outbox::Store;
use super::postmaster::Postmaster;
use super::settings::Settings;

/// Clones are the same one.
#[derive(Clone)]
pub(crate) enum Database {
    Sqlite(Arc<TempDir>),
    /// One of the server of all tests, which no test may stop.
    Postgres(&'static Postmaster, String),
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(Arc::new(tempfile::tempdir().expect("a temporary directory can be made")))
    }

    /// None, which is counted, if PostgreSQL is not here.
    pub(crate) async fn postgres() -> Option<Self> {
        let server = Postmaster::shared()?;
        Some(Self::Postgres(server, server.database().await))
    }

    /// In words.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(..) => "PostgreSQL",
        }
    }

    pub(crate) fn store(&self) -> Store {
        match self {
            Self::Sqlite(directory) => Store::sqlite(directory.path()),
            Self::Postgres(server, name) => Store::at(&server.url(name)),
        }
    }

    /// These settings, with an outbox in this database.
    pub(crate) fn under(&self, settings: Settings) -> Settings {
        self.store().under(settings)
    }

    /// The values of the first column of a query, as text. Nothing for those that are null.
    pub(crate) async fn select(&self, [sqlite, postgres]: [&str; 2]) -> Vec<String> {
        match self {
            Self::Sqlite(directory) => values(&open(directory.path(), OpenFlags::SQLITE_OPEN_READ_ONLY), sqlite),
            Self::Postgres(server, name) => server.sql(name, postgres).await,
        }
    }

    /// How many rows a statement changes that returns something of each.
    pub(crate) async fn change(&self, [sqlite, postgres]: [&str; 2]) -> usize {
        match self {
            Self::Sqlite(directory) => values(&open(directory.path(), OpenFlags::SQLITE_OPEN_READ_WRITE), sqlite).len(),
            Self::Postgres(server, name) => server.sql(name, postgres).await.len(),
        }
    }

    /// Mail that waits for a quarter of an hour because every account was refused waits no more.
    pub(crate) async fn accounts_are_mended(&self) {
        let sqlite = "update envelope set due = 0 where state = 0 and due > (unixepoch() + 600) * 1000 returning 1";
        let postgres = "update smsp_outbox set due = 0 where state = 0 and due > smsp_now() + 600000 returning 1";
        self.change([sqlite, postgres]).await;
    }

    /// Every node that does not run any more, or is stopped, has been silent for as long as it takes to count as dead.
    pub(crate) async fn silent_nodes_are_dead(&self) {
        // The lock of the process proves the nodes before it dead.
        if let Self::Postgres(server, name) = self {
            server.sql(name, "update smsp_node set seen_at = seen_at - 31000").await;
        }
    }
}

fn open(directory: &Path, flags: OpenFlags) -> Connection {
    Connection::open_with_flags(directory.join("smsp.db"), flags).expect("the database of the node can be opened")
}

fn values(database: &Connection, sql: &str) -> Vec<String> {
    let mut statement = database.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let mut rows = statement.query([]).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let mut values = Vec::new();
    while let Some(row) = rows.next().unwrap_or_else(|error| panic!("{sql}: {error}")) {
        match row.get_ref(0).expect("a first column") {
            ValueRef::Null => {}
            ValueRef::Integer(number) => values.push(number.to_string()),
            ValueRef::Text(text) => values.push(String::from_utf8_lossy(text).into_owned()),
            other => panic!("neither a number nor a text: {other:?}"),
        }
    }
    values
}

/// Makes two tests of each of these functions, which are given an empty [`Database`]: one on SQLite, one on PostgreSQL.
macro_rules! on_both_stores {
    ($($(#[$attribute:meta])* $test:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                $(#[$attribute])*
                async fn $test() {
                    super::$test(&$crate::harness::database::Database::sqlite()).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                $(#[$attribute])*
                async fn $test() {
                    let Some(database) = $crate::harness::database::Database::postgres().await else { return };
                    super::$test(&database).await;
                }
            )+
        }
    };
}
pub(crate) use on_both_stores;

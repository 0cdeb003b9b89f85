//! Opens the store of a node, of whichever kind it is.

use std::sync::Arc;

use crate::app::config::StoreConfig;
use crate::runtime::metrics::Metrics;
use crate::runtime::restart::Restarts;
use crate::state::outbox::{self, Keeping, Outbox, PostgresOutbox, SqliteOutbox};
use crate::state::store::postgres::{self, Database};
use crate::state::store::{Clock, Location, OpenError, Sqlite, Start, Up};

/// An open store, which stays open until it is dropped.
#[derive(Clone)]
pub enum Store {
    /// A SQLite database of this process.
    Sqlite(Arc<Sqlite>),
    /// A PostgreSQL database of several nodes. It may be away, and come back.
    Postgres(Arc<Database>),
}

impl Store {
    /// Opens it, and brings its tables to the version of this program.
    pub async fn open(
        config: &StoreConfig,
        metrics: &Arc<Metrics>,
        restarts: &Arc<Restarts>,
    ) -> Result<Self, OpenError> {
        let (keys, metrics, restarts) = (Arc::clone(&config.keys), Arc::clone(metrics), Arc::clone(restarts));
        match &config.location {
            Location::Sqlite(directory) => {
                let (modules, clock) = (&[outbox::TABLES], Clock::since_start());
                let start = Start { directory, keys: &keys, modules, clock, metrics, restarts };
                Sqlite::open(start).map(|store| Self::Sqlite(Arc::new(store)))
            }
            Location::Postgres(server) => {
                let (server, modules) = ((**server).clone(), &[outbox::POSTGRES_TABLES]);
                Database::open(postgres::Start { server, keys, modules, metrics }).await.map(Self::Postgres)
            }
        }
    }

    /// What tells whether it can be written.
    pub fn up(&self) -> Up {
        match self {
            Self::Sqlite(store) => store.up(),
            Self::Postgres(database) => database.up(),
        }
    }

    /// The outbox in it.
    pub async fn outbox(&self, keeping: Keeping) -> Result<Arc<dyn Outbox>, OpenError> {
        Ok(match self {
            Self::Sqlite(store) => Arc::new(SqliteOutbox::new(Arc::clone(store), keeping).await?),
            Self::Postgres(database) => Arc::new(PostgresOutbox::new(Arc::clone(database), keeping.keep)),
        })
    }
}

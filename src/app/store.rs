//! Opens the store of a node, of whichever kind it is.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::app::config::StoreConfig;
use crate::runtime::metrics::Metrics;
use crate::runtime::restart::Restarts;
use crate::state::answers::{self, PostgresAnswers, SqliteAnswers, StoredAnswers};
use crate::state::audit::{self, KeptAudit, PostgresAudit, SqliteAudit};
use crate::state::outbox::{self, Keeping, Outbox, Overview, Parts, PostgresOutbox, SqliteOutbox};
use crate::state::overrides::{self, KeptOverrides, PostgresOverrides, SqliteOverrides};
use crate::state::store::postgres::{self, Database, Server};
use crate::state::store::{Clock, Location, Looked, Migrated, Module, OpenError, Sqlite, Start, Up};

/// The tables of a store, module by module.
const SQLITE_TABLES: &[Module] = &[outbox::TABLES, answers::TABLES, audit::TABLES, overrides::TABLES];
const POSTGRES_TABLES: &[Module] =
    &[outbox::POSTGRES_TABLES, answers::POSTGRES_TABLES, audit::POSTGRES_TABLES, overrides::POSTGRES_TABLES];

/// Nothing is kept or accepted by what only looks.
pub(super) const LOOKING: Keeping = Keeping { keep: Duration::MAX, min_free: 0 };

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
        Ok(match &config.location {
            Location::Sqlite(directory) => Self::Sqlite(Arc::new(sqlite(config, directory, metrics, restarts)?)),
            Location::Postgres(server) => {
                Self::Postgres(Database::open(postgres(config, server, metrics, restarts)).await?)
            }
        })
    }

    /// What tells whether it can be written.
    pub fn up(&self) -> Up {
        match self {
            Self::Sqlite(store) => store.up(),
            Self::Postgres(database) => database.up(),
        }
    }

    /// Its name in OpenTelemetry's conventions.
    pub fn system(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgresql",
        }
    }

    /// The orders for circuits in it.
    pub fn overrides(&self) -> Arc<dyn KeptOverrides> {
        match self {
            Self::Sqlite(store) => Arc::new(SqliteOverrides::new(Arc::clone(store))),
            Self::Postgres(database) => Arc::new(PostgresOverrides::new(Arc::clone(database))),
        }
    }

    /// The audit log in it.
    pub fn audit(&self) -> Arc<dyn KeptAudit> {
        match self {
            Self::Sqlite(store) => Arc::new(SqliteAudit::new(Arc::clone(store))),
            Self::Postgres(database) => Arc::new(PostgresAudit::new(Arc::clone(database))),
        }
    }

    /// The outbox in it: its mails and their parts.
    pub async fn outbox(&self, keeping: Keeping) -> Result<(Arc<dyn Outbox>, Arc<dyn Parts>), OpenError> {
        Ok(match self {
            Self::Sqlite(store) => {
                let outbox = SqliteOutbox::new(Arc::clone(store), keeping).await;
                let outbox = Arc::new(outbox.map_err(|failed| store.why(failed))?);
                (Arc::clone(&outbox) as _, outbox)
            }
            Self::Postgres(database) => {
                let outbox = Arc::new(PostgresOutbox::new(Arc::clone(database), keeping.keep));
                (Arc::clone(&outbox) as _, outbox)
            }
        })
    }

    /// The answers to calls in it.
    pub async fn answers(&self) -> Result<Arc<dyn StoredAnswers>, OpenError> {
        Ok(match self {
            Self::Sqlite(store) => {
                let answers = SqliteAnswers::new(Arc::clone(store)).await;
                Arc::new(answers.map_err(|failed| store.why(failed))?)
            }
            Self::Postgres(database) => Arc::new(PostgresAnswers::new(Arc::clone(database))),
        })
    }
}

/// Brings the tables to the version of this program, and corrects counts in them that do not say what the rows say: what
/// was done, line by line. SQLite is opened for that, so no node may have it.
pub async fn migrate(config: &StoreConfig) -> Result<Vec<String>, OpenError> {
    let (metrics, restarts) = (Arc::default(), Arc::default());
    let (migrated, corrected) = match &config.location {
        Location::Sqlite(directory) => {
            let store = sqlite(config, directory, &metrics, &restarts)?;
            let corrected = SqliteOutbox::recount(&store).await.map_err(|failed| store.why(failed))?;
            (store.migrated().to_vec(), corrected)
        }
        Location::Postgres(server) => PostgresOutbox::migrate(postgres(config, server, &metrics, &restarts)).await?,
    };
    let corrected = (corrected > 0).then(|| format!("outbox: counts corrected: {corrected}"));
    Ok(migrated.iter().map(Migrated::to_string).chain(corrected).collect())
}

/// What it says of its outbox, which may be a node's at that time. Nothing is changed in it.
pub(super) async fn look(config: &StoreConfig) -> Result<Looked<Overview>, OpenError> {
    match &config.location {
        Location::Sqlite(directory) => SqliteOutbox::look(directory, &config.keys, SQLITE_TABLES),
        Location::Postgres(server) => {
            let start = postgres(config, server, &Arc::default(), &Arc::default());
            PostgresOutbox::look(postgres::Start { modules: &[outbox::POSTGRES_TABLES], ..start }).await
        }
    }
}

fn sqlite(
    config: &StoreConfig,
    directory: &Path,
    metrics: &Arc<Metrics>,
    restarts: &Arc<Restarts>,
) -> Result<Sqlite, OpenError> {
    let (modules, clock) = (SQLITE_TABLES, Clock::since_start());
    let (metrics, restarts) = (Arc::clone(metrics), Arc::clone(restarts));
    Sqlite::open(Start { directory, keys: &config.keys, modules, clock, metrics, restarts })
}

fn postgres(
    config: &StoreConfig,
    server: &Server,
    metrics: &Arc<Metrics>,
    restarts: &Arc<Restarts>,
) -> postgres::Start {
    let (server, keys, modules) = (server.clone(), Arc::clone(&config.keys), POSTGRES_TABLES);
    postgres::Start { server, keys, modules, metrics: Arc::clone(metrics), restarts: Arc::clone(restarts) }
}

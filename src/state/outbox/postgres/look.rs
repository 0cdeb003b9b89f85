//! The outbox in a database, from beside its nodes.

use super::{PostgresOutbox, counts, history, orders};
use crate::state::outbox::Overview;
use crate::state::store::postgres::{Database, Start, Transaction};
use crate::state::store::{Failed, Looked, Migrated, OpenError};

impl PostgresOutbox {
    /// What the database says of its outbox. Nothing is changed in it.
    pub async fn look(start: Start) -> Result<Looked<Overview>, OpenError> {
        Database::look(start, overview).await
    }

    /// Brings the tables to the version of this program, and corrects counts that do not say what the rows say: what was
    /// done, and how many counts were wrong.
    pub async fn migrate(start: Start) -> Result<(Vec<Migrated>, u64), OpenError> {
        Database::migrate(start, counts::recount).await
    }
}

async fn overview(transaction: &mut Transaction<'_>) -> Result<Overview, Failed> {
    Ok(Overview {
        history: history::read(transaction).await?,
        paused: orders::is_paused(transaction).await?,
        counts: counts::counts(transaction).await?,
    })
}

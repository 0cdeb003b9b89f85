//! A look at a database: nothing is changed in it, and no table is made.

use std::sync::Arc;

use super::super::open_error::OpenError;
use super::super::{Failed, Looked};
use super::database::{Database, NAME, Start};
use super::deadlines::Deadlines;
use super::health::Health;
use super::migrations;
use super::not_ready::NotReady;
use super::pool::Pool;
use super::registered_keys;
use super::transaction::Transaction;

impl Database {
    /// Runs this in a transaction that can only read, if the tables are those of this program, now or not at all. The keys are
    /// compared too.
    pub async fn look<T>(
        start: Start,
        work: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Failed>,
    ) -> Result<Looked<T>, OpenError> {
        let health = Arc::new(Health::new(start.metrics.store.of(NAME)));
        let pool = Pool::new(1, start.server.clone(), Deadlines::USUAL, health);
        let mut transaction = pool.begin(pool.deadlines.statement).await?;
        let looked = look(&mut transaction, &start, work).await;
        let looked = migrations::told(&transaction, looked)?;
        transaction.end().await?;
        Ok(looked)
    }
}

async fn look<T>(
    transaction: &mut Transaction<'_>,
    start: &Start,
    work: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Failed>,
) -> Result<Looked<T>, NotReady> {
    transaction.batch("set transaction read only").await?;
    if let Some(behind) = migrations::behind(transaction, start.modules).await? {
        return Ok(Looked::Behind(behind));
    }
    registered_keys::are_known(transaction, &start.keys, start.modules).await?;
    Ok(Looked::Read(work(transaction).await?))
}

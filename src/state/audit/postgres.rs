//! The audit log on PostgreSQL, whose clock is the time.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::entry::{Entry, Kept};
use super::interface::{KeptAudit, MAX_RECORDS, STEP};
use crate::runtime::millis::millis;
use crate::runtime::unix_time::UnixTime;
use crate::state::store::postgres::{Database, Parameter, Transaction, field};
use crate::state::store::{Answered, Failed, Module, Step};

/// The audit log's table on PostgreSQL. Nothing in it is encrypted.
pub const TABLES: Module = Module {
    name: "audit",
    steps: &[Step { sql: include_str!("postgres/tables.sql"), works_with: 1 }],
    uses_key: "select 1 where $1 is null",
};

const WRITE: &str = "insert into smsp_audit (id, at, node, who, peer, change)
    values ($1, smsp_now() - $2, $3, $4, $5, $6) on conflict (id) do nothing";

const PAGE: &str = "select number, at, id, node, who, peer, change from smsp_audit
    where number < $1 order by number desc limit $2";

const SWEEP: &str = "with oldest as materialized (select number, at from smsp_audit order by number limit $3)
    delete from smsp_audit a using oldest o where a.number = o.number
        and (o.at <= smsp_now() - $1 or o.number <= (select max(number) from smsp_audit) - $2)";

/// The audit log of the nodes of one database.
pub struct PostgresAudit {
    database: Arc<Database>,
}

impl PostgresAudit {
    /// In this database, which has the table of [`TABLES`].
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    async fn read(&self, before: Option<i64>, limit: usize) -> Result<Vec<Kept>, Failed> {
        let (before, limit) = (before.unwrap_or(i64::MAX), i64::try_from(limit).unwrap_or(i64::MAX));
        let mut transaction = self.database.begin().await?;
        let rows = transaction.query(PAGE, &[(&before, Type::INT8), (&limit, Type::INT8)]).await?;
        transaction.end().await?;
        rows.iter().map(kept).collect()
    }

    async fn swept(&self, keep: Duration) -> Result<bool, Failed> {
        let keep = span(keep);
        let parameters: [Parameter<'_>; 3] = [(&keep, Type::INT8), (&MAX_RECORDS, Type::INT8), (&STEP, Type::INT8)];
        let mut transaction = self.database.begin().await?;
        let dropped = transaction.execute(SWEEP, &parameters).await?;
        transaction.commit().await?;
        Ok(dropped >= STEP.unsigned_abs())
    }
}

/// Writes a record of what took effect so long ago, in the transaction of what it records. False: it is there already.
pub async fn write(transaction: &mut Transaction<'_>, age: Duration, entry: &Entry) -> Result<bool, Failed> {
    let Entry { id, node, who, from, change } = entry;
    let age = span(age);
    let parameters: [Parameter<'_>; 6] = [
        (id, Type::UUID),
        (&age, Type::INT8),
        (node, Type::TEXT),
        (who, Type::TEXT),
        (from, Type::TEXT),
        (change, Type::TEXT),
    ];
    Ok(transaction.execute(WRITE, &parameters).await? > 0)
}

fn kept(row: &Row) -> Result<Kept, Failed> {
    let entry = Entry {
        id: field(row, 2)?,
        node: field(row, 3)?,
        who: field(row, 4)?,
        from: field(row, 5)?,
        change: field(row, 6)?,
    };
    Ok(Kept { number: field(row, 0)?, at: UnixTime(field(row, 1)?), entry })
}

fn span(time: Duration) -> i64 {
    i64::try_from(millis(time)).unwrap_or(i64::MAX)
}

impl KeptAudit for PostgresAudit {
    fn page(&self, before: Option<i64>, limit: usize) -> Answered<'_, Vec<Kept>> {
        Box::pin(self.read(before, limit))
    }

    fn sweep(&self, keep: Duration) -> Answered<'_, bool> {
        Box::pin(self.swept(keep))
    }
}

#[cfg(test)]
pub(in crate::state) mod tests;

//! The orders for circuits on PostgreSQL, whose clock is the time: those of all nodes that share it.
//!
//! They go over the connection that is kept for signs of life: each is short, and an operator has to be heard while the
//! outbox has all the others.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::types::Type;

use super::encoding::overriding;
use super::interface::{KeptOverrides, MAX_ROWS, Row, What, Writing};
use super::order::Order;
use crate::delivery::circuit::Override;
use crate::runtime::millis::millis;
use crate::runtime::unix_time::UnixTime;
use crate::state::audit::write_to_postgres;
use crate::state::store::postgres::{Database, Parameter, Transaction, field};
use crate::state::store::{Answered, Failed, Module, Step};

/// The table on PostgreSQL. Nothing in it is encrypted.
pub const TABLES: Module = Module {
    name: "overrides",
    steps: &[Step { sql: include_str!("postgres/tables.sql"), works_with: 1 }],
    uses_key: "select 1 where $1 is null",
};

/// `$5`: how long ago. `$7`: only if no younger order is there.
const OVERRIDE: &str = "insert into smsp_circuit_order as o (upstream, id, override, ends_at, who, at)
    values ($1, $2, $3, smsp_now() - $5 + $4, $6, smsp_now() - $5)
    on conflict (upstream) do update set id = excluded.id, override = excluded.override, ends_at = excluded.ends_at,
        who = excluded.who, at = excluded.at
    where not $7 or o.at <= excluded.at";

const RESET: &str = "insert into smsp_circuit_order as o (upstream, resets) values ($1, 1)
    on conflict (upstream) do update set resets = o.resets + 1";

const END: &str = "update smsp_circuit_order set id = $3, override = 'auto', ends_at = null, who = $4
    where upstream = $1 and id = $2";

/// `$1`: of this upstream alone, if it is not null.
const READ: &str = "select upstream, id, override, greatest(ends_at - smsp_now(), 0), who, at, resets, ends_at is null
    from smsp_circuit_order where upstream = $1 or $1 is null order by upstream limit $2";

/// The orders for the circuits of the nodes of one database.
pub struct PostgresOverrides {
    database: Arc<Database>,
}

impl PostgresOverrides {
    /// In this database, which has the tables of [`TABLES`], and those of the audit log.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    async fn written(&self, writing: &Writing) -> Result<Row, Failed> {
        let mut transaction = self.database.begin_reserved().await?;
        write(&mut transaction, writing).await?;
        let rows = read(&mut transaction, Some(&writing.upstream)).await?;
        transaction.commit().await?;
        Ok(rows.into_iter().next().unwrap_or_else(|| Row::none(&writing.upstream)))
    }

    async fn rows(&self) -> Result<Vec<Row>, Failed> {
        let mut transaction = self.database.begin_reserved().await?;
        let rows = read(&mut transaction, None).await?;
        transaction.end().await?;
        Ok(rows)
    }
}

async fn write(transaction: &mut Transaction<'_>, writing: &Writing) -> Result<(), Failed> {
    let Writing { upstream, what, entry, age } = writing;
    let age = age.unwrap_or_default();
    match what {
        What::End(of) => {
            let parameters: [Parameter<'_>; 4] =
                [(upstream, Type::TEXT), (of, Type::UUID), (&entry.id, Type::UUID), (&entry.who, Type::TEXT)];
            if transaction.execute(END, &parameters).await? > 0 {
                write_to_postgres(transaction, age, entry).await?;
            }
            Ok(())
        }
        What::Order(order) => match write_to_postgres(transaction, age, entry).await? {
            true => apply(transaction, *order, writing).await,
            false => Ok(()),
        },
    }
}

async fn apply(transaction: &mut Transaction<'_>, order: Order, writing: &Writing) -> Result<(), Failed> {
    let Writing { upstream, entry, age, .. } = writing;
    match order {
        Order::Override { to, ends_after } => {
            let (ends_after, ago, to) = (ends_after.map(span), span(age.unwrap_or_default()), to.as_str());
            let parameters: [Parameter<'_>; 7] = [
                (upstream, Type::TEXT),
                (&entry.id, Type::UUID),
                (&to, Type::TEXT),
                (&ends_after, Type::INT8),
                (&ago, Type::INT8),
                (&entry.who, Type::TEXT),
                (&age.is_some(), Type::BOOL),
            ];
            transaction.execute(OVERRIDE, &parameters).await.map(drop)
        }
        Order::Reset => transaction.execute(RESET, &[(upstream, Type::TEXT)]).await.map(drop),
    }
}

async fn read(transaction: &mut Transaction<'_>, upstream: Option<&str>) -> Result<Vec<Row>, Failed> {
    let rows = transaction.query(READ, &[(&upstream, Type::TEXT), (&MAX_ROWS, Type::INT8)]).await?;
    rows.iter().map(row).collect()
}

fn row(columns: &tokio_postgres::Row) -> Result<Row, Failed> {
    let (word, left, is_endless): (&str, Option<i64>, bool) =
        (field(columns, 2)?, field(columns, 3)?, field(columns, 7)?);
    let left = left.filter(|_| !is_endless).map(|left| Duration::from_millis(left.unsigned_abs()));
    Ok(Row {
        upstream: field(columns, 0)?,
        id: field(columns, 1)?,
        // The table has no other words.
        to: overriding(word).unwrap_or(Override::Auto),
        ends_in: left,
        who: field(columns, 4)?,
        at: UnixTime(field(columns, 5)?),
        resets: field(columns, 6)?,
    })
}

fn span(time: Duration) -> i64 {
    i64::try_from(millis(time)).unwrap_or(i64::MAX)
}

impl KeptOverrides for PostgresOverrides {
    fn write<'a>(&'a self, writing: &'a Writing) -> Answered<'a, Row> {
        Box::pin(self.written(writing))
    }

    fn read(&self) -> Answered<'_, Vec<Row>> {
        Box::pin(self.rows())
    }

    fn is_up(&self) -> bool {
        self.database.is_up()
    }
}

#[cfg(test)]
mod tests;

//! The orders for circuits in a SQLite store: they outlive its one process.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::encoding::overriding;
use super::interface::{KeptOverrides, MAX_ROWS, Row, What, Writing};
use super::order::Order;
use crate::delivery::circuit::Override;
use crate::runtime::unix_time::UnixTime;
use crate::state::audit::write_to_sqlite;
use crate::state::store::{Answered, Module, Sqlite, Step};

/// The table in a SQLite store. Nothing in it is encrypted.
pub const TABLES: Module = Module {
    name: "overrides",
    steps: &[Step { sql: include_str!("sqlite/tables.sql"), works_with: 1 }],
    uses_key: "select 1 where ?1 is null",
};

/// `?7`: only if no younger order is there.
const OVERRIDE: &str =
    "insert into circuit_order (upstream, id, override, ends_at, who, at) values (?1, ?2, ?3, ?4, ?5, ?6)
    on conflict (upstream) do update set id = excluded.id, override = excluded.override, ends_at = excluded.ends_at,
        who = excluded.who, at = excluded.at
    where not ?7 or circuit_order.at <= excluded.at";

const RESET: &str = "insert into circuit_order (upstream, resets) values (?1, 1)
    on conflict (upstream) do update set resets = resets + 1";

const END: &str = "update circuit_order set id = ?3, override = 'auto', ends_at = null, who = ?4
    where upstream = ?1 and id = ?2";

const READ: &str = "select upstream, id, override, ends_at, who, at, resets from circuit_order";

/// The orders for the circuits of one process.
pub struct SqliteOverrides {
    store: Arc<Sqlite>,
}

impl SqliteOverrides {
    /// In this store, which has [`TABLES`], and those of the audit log.
    pub fn new(store: Arc<Sqlite>) -> Self {
        Self { store }
    }
}

fn write(database: &Connection, now: UnixTime, writing: &Writing) -> rusqlite::Result<Row> {
    let Writing { upstream, what, entry, age } = writing;
    let at = now.before(age.unwrap_or_default());
    match what {
        What::End(of) => {
            let parameters = params![upstream, of.as_bytes(), entry.id.as_bytes(), entry.who];
            if database.prepare_cached(END)?.execute(parameters)? > 0 {
                write_to_sqlite(database, at, entry)?;
            }
        }
        What::Order(order) => {
            if write_to_sqlite(database, at, entry)? {
                apply(database, at, *order, writing)?;
            }
        }
    }
    let mut select = database.prepare_cached(&format!("{READ} where upstream = ?1"))?;
    let row = select.query_row([upstream], |columns| row(columns, now)).optional()?;
    Ok(row.unwrap_or_else(|| Row::none(upstream)))
}

fn apply(database: &Connection, at: UnixTime, order: Order, writing: &Writing) -> rusqlite::Result<()> {
    let Writing { upstream, entry, age, .. } = writing;
    match order {
        Order::Override { to, ends_after } => {
            let ends_at = ends_after.map(|time| at.after(time).0);
            let parameters =
                params![upstream, entry.id.as_bytes(), to.as_str(), ends_at, entry.who, at.0, age.is_some()];
            database.prepare_cached(OVERRIDE)?.execute(parameters).map(drop)
        }
        Order::Reset => database.prepare_cached(RESET)?.execute([upstream]).map(drop),
    }
}

fn read(database: &Connection, now: UnixTime) -> rusqlite::Result<Vec<Row>> {
    let mut select = database.prepare_cached(&format!("{READ} order by upstream limit {MAX_ROWS}"))?;
    select.query_map([], |columns| row(columns, now))?.collect()
}

fn row(columns: &rusqlite::Row<'_>, now: UnixTime) -> rusqlite::Result<Row> {
    let (word, ends_at): (String, Option<i64>) = (columns.get(2)?, columns.get(3)?);
    Ok(Row {
        upstream: columns.get(0)?,
        id: Uuid::from_bytes(columns.get(1)?),
        // The table has no other words.
        to: overriding(&word).unwrap_or(Override::Auto),
        ends_in: ends_at.map(|at| UnixTime(at).since(now)),
        who: columns.get(4)?,
        at: UnixTime(columns.get(5)?),
        resets: columns.get(6)?,
    })
}

impl KeptOverrides for SqliteOverrides {
    fn write<'a>(&'a self, writing: &'a Writing) -> Answered<'a, Row> {
        let (clock, writing) = (self.store.clock().clone(), writing.clone());
        Box::pin(self.store.write(move |database| write(database, clock.now(), &writing)))
    }

    fn read(&self) -> Answered<'_, Vec<Row>> {
        let clock = self.store.clock().clone();
        Box::pin(self.store.read(move |database| read(database, clock.now())))
    }

    fn is_up(&self) -> bool {
        self.store.is_up()
    }
}

#[cfg(test)]
mod tests;

//! The audit log in a SQLite store.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::entry::{Entry, Kept};
use super::interface::{KeptAudit, MAX_RECORDS, STEP};
use crate::runtime::unix_time::UnixTime;
use crate::state::store::{Answered, Module, Sqlite, Step};

/// The audit log's table in a SQLite store. Nothing in it is encrypted.
pub const TABLES: Module = Module {
    name: "audit",
    steps: &[Step { sql: include_str!("sqlite/tables.sql"), works_with: 1 }],
    uses_key: "select 1 where ?1 is null",
};

const WRITE: &str = "insert into audit (id, at, node, who, peer, change) values (?1, ?2, ?3, ?4, ?5, ?6)
    on conflict (id) do nothing";

const PAGE: &str = "select number, at, id, node, who, peer, change from audit
    where number < ?1 order by number desc limit ?2";

const SWEEP: &str = "delete from audit where number in (select number from audit order by number limit ?3)
    and (at <= ?1 or number <= (select max(number) from audit) - ?2)";

/// The audit log of one process.
pub struct SqliteAudit {
    store: Arc<Sqlite>,
}

impl SqliteAudit {
    /// In this store, which has [`TABLES`].
    pub fn new(store: Arc<Sqlite>) -> Self {
        Self { store }
    }
}

/// Writes a record in the transaction of what it records. False: it is there already.
pub fn write(database: &Connection, at: UnixTime, entry: &Entry) -> rusqlite::Result<bool> {
    let Entry { id, node, who, from, change } = entry;
    let written = database.prepare_cached(WRITE)?.execute(params![id.as_bytes(), at.0, node, who, from, change])?;
    Ok(written > 0)
}

fn page(database: &Connection, before: Option<i64>, limit: usize) -> rusqlite::Result<Vec<Kept>> {
    let mut select = database.prepare_cached(PAGE)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let kept = |row: &rusqlite::Row<'_>| {
        let id = Uuid::from_bytes(row.get(2)?);
        let entry = Entry { id, node: row.get(3)?, who: row.get(4)?, from: row.get(5)?, change: row.get(6)? };
        Ok(Kept { number: row.get(0)?, at: UnixTime(row.get(1)?), entry })
    };
    select.query_map(params![before.unwrap_or(i64::MAX), limit], kept)?.collect()
}

impl KeptAudit for SqliteAudit {
    fn page(&self, before: Option<i64>, limit: usize) -> Answered<'_, Vec<Kept>> {
        Box::pin(self.store.read(move |database| page(database, before, limit)))
    }

    fn sweep(&self, keep: Duration) -> Answered<'_, bool> {
        let clock = self.store.clock().clone();
        let sweep = move |database: &Connection| {
            let until = clock.over().before(keep).0;
            let dropped = database.prepare_cached(SWEEP)?.execute(params![until, MAX_RECORDS, STEP])?;
            Ok(i64::try_from(dropped).is_ok_and(|dropped| dropped >= STEP))
        };
        Box::pin(self.store.write(sweep))
    }
}

#[cfg(test)]
pub(in crate::state) mod tests;

//! The records in a SQLite store: those of one process.
//!
//! Every call runs as one command of the thread that writes. Time is read when a command runs. Invariant: each change is one
//! conditional statement, with the number of the call and the state in its WHERE.

mod begin;
mod columns;
mod end;

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, named_params};

use super::row::{Row, UNKNOWN};
use super::sealing::SealedAnswer;
use super::stored::{Begun, CallNumber, CallState, End, KEPT, NewCall, Settled, StoredAnswers};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::store::{Answered, Failed, Module, Sqlite, Step, Times};
use columns::{bytes, row, select};

/// The tables of the records in a SQLite store.
pub const TABLES: Module = Module {
    name: "answers",
    steps: &[Step { sql: include_str!("sqlite/tables.sql"), works_with: 1 }],
    uses_key: "select 1 from answer where key_id = ?1 limit 1",
};

/// The records of one process.
pub struct SqliteAnswers {
    store: Arc<Sqlite>,
}

impl SqliteAnswers {
    /// In this store, which has [`TABLES`]. Its lock proves that the processes before this one are dead: what they had
    /// in flight is `unknown`.
    pub async fn new(store: Arc<Sqlite>) -> Result<Self, Failed> {
        let answers = Self { store };
        answers.write(bury).await?;
        Ok(answers)
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, UnixTime) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answered<'_, T> {
        self.write_by(move |database, Times { now, .. }| work(database, now))
    }

    fn write_by<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, Times) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answered<'_, T> {
        let clock = self.store.clock().clone();
        Box::pin(self.store.write(move |database| work(database, clock.times())))
    }
}

impl StoredAnswers for SqliteAnswers {
    fn begin(&self, call: NewCall) -> Answered<'_, Begun> {
        self.write_by(move |database, times| begin::begin(database, times, &call))
    }

    fn ask_again(&self, id: Id, of: CallNumber, number: CallNumber, lease: Duration) -> Answered<'_, bool> {
        self.write_by(move |database, times| begin::ask_again(database, times, id, (of, number), lease))
    }

    fn end(&self, id: Id, number: CallNumber, end: End) -> Answered<'_, Settled> {
        self.write(move |database, now| end::end(database, now, id, number, &end))
    }

    fn note(&self, caller: CallerName, id: Id, number: CallNumber, answer: SealedAnswer) -> Answered<'_, ()> {
        self.write(move |database, now| {
            let insert = "insert into answer
                (id, caller, number, state, ended_at, expires_at, key_id, sealed_key, sealed)
                values (:id, :caller, :number, :state, :now, :expires_at, :key_id, :sealed_key, :sealed)";
            database.prepare_cached(insert)?.execute(named_params! {
                ":id": bytes(id), ":caller": caller.as_str(), ":number": number.0.into_bytes(), ":state": UNKNOWN,
                ":now": now.0, ":expires_at": now.after(KEPT).0,
                ":key_id": answer.key_id, ":sealed_key": answer.wrapped_key, ":sealed": answer.bytes,
            })?;
            Ok(())
        })
    }

    fn look(&self, caller: CallerName, id: Id) -> Answered<'_, Option<CallState>> {
        let clock = self.store.clock().clone();
        Box::pin(self.store.read(move |database| {
            let Times { now, over } = clock.times();
            let mut select = database.prepare_cached(&select("id = ?2 and caller = ?3 and expires_at > ?4"))?;
            let found = select.query_row((now.0, bytes(id), caller.as_str(), over.0), row).optional()?;
            Ok(found.map(Row::seen))
        }))
    }

    fn sweep(&self, most: usize) -> Answered<'_, usize> {
        self.write_by(move |database, Times { over, .. }| {
            let delete = "delete from answer where rowid in
                (select rowid from answer where expires_at <= ?1 order by expires_at, id limit ?2)";
            database.prepare_cached(delete)?.execute((over.0, i64::try_from(most).unwrap_or(i64::MAX)))
        })
    }
}

/// What was in flight is over. What an asking call had found before stays with it.
fn bury(database: &Connection, now: UnixTime) -> rusqlite::Result<()> {
    let bury = "update answer set state = ?1, lease_until = null, former = null, expires_at = ?2 where state = 0";
    database.execute(bury, (UNKNOWN, now.after(KEPT).0)).map(drop)
}

#[cfg(test)]
mod tests;

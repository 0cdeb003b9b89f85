//! Who has ordered what.

use rusqlite::{Connection, params};

use super::columns::signed;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{KEPT_NOTES, Note, Noted, SWEPT_NOTES};

/// Keeps an order in its own transaction; the oldest one goes where there are too many.
pub(super) fn write(database: &Connection, now: UnixTime, note: &Note) -> rusqlite::Result<()> {
    let insert = "insert into noted (at, who, peer, what) values (?1, ?2, ?3, ?4)";
    let id = database.prepare_cached(insert)?.insert(params![now, note.who, note.from, note.order])?;
    database.prepare_cached("delete from noted where id <= ?1")?.execute([id - KEPT_NOTES]).map(drop)
}

/// Drops orders that are not younger than this, the oldest first: one step. True: there may be more.
pub(super) fn sweep(database: &Connection, until: UnixTime) -> rusqlite::Result<bool> {
    let sql = "delete from noted where id in (select id from noted order by id limit ?1) and at <= ?2";
    let dropped = database.prepare_cached(sql)?.execute(params![SWEPT_NOTES, until])?;
    Ok(i64::try_from(dropped).is_ok_and(|dropped| dropped >= SWEPT_NOTES))
}

/// The newest first.
pub(super) fn read(database: &Connection, before: Option<i64>, limit: usize) -> rusqlite::Result<Vec<Noted>> {
    let sql = "select id, at, who, peer, what from noted where id < ?1 order by id desc limit ?2";
    let mut select = database.prepare_cached(sql)?;
    let noted = |row: &rusqlite::Row<'_>| {
        let note = Note { who: row.get(2)?, from: row.get(3)?, order: row.get(4)? };
        Ok(Noted { number: row.get(0)?, at: row.get(1)?, note })
    };
    select.query_map([before.unwrap_or(i64::MAX), signed(limit as u64)], noted)?.collect()
}

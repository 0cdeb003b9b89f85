//! Who has ordered what.

use rusqlite::{Connection, params};

use super::columns::signed;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{KEPT_NOTES, Note, Noted};

/// Keeps an order in its own transaction; the oldest ones go.
pub(super) fn write(database: &Connection, now: UnixTime, note: &Note) -> rusqlite::Result<()> {
    let insert = "insert into noted (at, who, peer, what) values (?1, ?2, ?3, ?4)";
    let id = database.prepare_cached(insert)?.insert(params![now, note.who, note.from, note.order])?;
    database.prepare_cached("delete from noted where id <= ?1")?.execute([id - KEPT_NOTES]).map(drop)
}

/// The newest first.
pub(super) fn read(database: &Connection, limit: usize) -> rusqlite::Result<Vec<Noted>> {
    let mut select = database.prepare_cached("select at, who, peer, what from noted order by id desc limit ?1")?;
    let noted = |row: &rusqlite::Row<'_>| {
        Ok(Noted { at: row.get(0)?, note: Note { who: row.get(1)?, from: row.get(2)?, order: row.get(3)? } })
    };
    select.query_map([signed(limit as u64)], noted)?.collect()
}

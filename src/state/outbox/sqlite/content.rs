//! The content of a submission: written once, read per claim, dropped once; and the room that it takes.

use rusqlite::{Connection, OptionalExtension, params};

use crate::state::outbox::{KeyId, RowId, SealedContent};

/// Numbers of parts per submission. A part has 256 KiB, so that is 1 GiB.
const PARTS: i64 = 4096;

pub(super) fn write(database: &Connection, row: RowId, content: &SealedContent) -> rusqlite::Result<()> {
    let mut insert = database.prepare_cached("insert into content (id, bytes) values (?1, ?2)")?;
    for (number, part) in (0..).zip(&content.parts) {
        if number >= PARTS {
            return Err(rusqlite::Error::InvalidQuery);
        }
        insert.execute(params![row.0 * PARTS + number, part])?;
    }
    Ok(())
}

/// None once it is dropped.
pub(super) fn read(database: &Connection, row: RowId) -> rusqlite::Result<Option<SealedContent>> {
    let mut keys = database.prepare_cached("select key_id, content_key from submission where id = ?1")?;
    let keys: Option<(String, Option<Vec<u8>>)> =
        keys.query_row([row], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((key_id, Some(wrapped_key))) = keys else { return Ok(None) };
    let mut parts = database.prepare_cached("select bytes from content where id between ?1 and ?2 order by id")?;
    let parts: Result<Vec<_>, _> = parts.query_map(range(row), |row| row.get(0))?.collect();
    Ok(Some(SealedContent { key_id: KeyId(key_id), wrapped_key, parts: parts? }))
}

/// Drops the content with its key, and gives its room back to its caller. Nothing, where that was done before.
pub(super) fn drop_content(database: &Connection, row: RowId) -> rusqlite::Result<()> {
    let mut forget = database.prepare_cached(
        "update submission set content_key = null where id = ?1 and content_key is not null returning caller, size",
    )?;
    let held: Option<(i64, i64)> = forget.query_row([row], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((caller, size)) = held else { return Ok(()) };
    take_room(database, caller, -1, -size)?;
    database.prepare_cached("delete from content where id between ?1 and ?2")?.execute(range(row)).map(drop)
}

/// Drops who it goes to as well.
pub(super) fn erase(database: &Connection, row: RowId) -> rusqlite::Result<()> {
    drop_content(database, row)?;
    let recipients = "update submission set recipients_key = null, recipients = null where id = ?1";
    database.prepare_cached(recipients)?.execute([row])?;
    database.prepare_cached("delete from address where submission = ?1")?.execute([row])?;
    database
        .prepare_cached("update envelope set erased = 1, recipient_verdicts = null where id = ?1")?
        .execute([row])
        .map(drop)
}

/// Adds to what a caller takes.
pub(super) fn take_room(database: &Connection, caller: i64, rows: i64, bytes: i64) -> rusqlite::Result<()> {
    let update = "update caller set held = held + ?2, bytes = bytes + ?3 where id = ?1";
    database.prepare_cached(update)?.execute([caller, rows, bytes]).map(drop)
}

/// What a caller takes, and what all take, each in rows and bytes.
pub(super) fn taken(database: &Connection, caller: i64) -> rusqlite::Result<[(u64, u64); 2]> {
    let of = |sql: &str, parameters: &[i64]| {
        let mut sum = database.prepare_cached(sql)?;
        sum.query_row(rusqlite::params_from_iter(parameters), |row| {
            let (rows, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok((rows.unsigned_abs(), bytes.unsigned_abs()))
        })
    };
    let sums = "select coalesce(sum(held), 0), coalesce(sum(bytes), 0) from caller";
    Ok([of(&format!("{sums} where id = ?1"), &[caller])?, of(sums, &[])?])
}

fn range(row: RowId) -> [i64; 2] {
    [row.0 * PARTS, row.0 * PARTS + PARTS - 1]
}

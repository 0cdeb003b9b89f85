//! Ends rows whose time is over, and drops those that were kept for long enough.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::columns::signed;
use super::content::drop_content;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{RowId, State, Swept};

/// A key names its submission for so long at least.
const KEY_LIVES: Duration = Duration::from_secs(24 * 3600);

/// At most `limit` rows of each kind.
pub(super) fn sweep(database: &Connection, now: UnixTime, keep: Duration, limit: usize) -> rusqlite::Result<Swept> {
    let limit = signed(limit as u64);
    let expired = expire(database, now, limit)?;
    let (dropped, unknown) = forget(database, now, keep, limit)?;
    Ok(Swept { expired, dropped, unknown, more: signed(expired.max(dropped)) == limit })
}

fn expire(database: &Connection, now: UnixTime, limit: i64) -> rusqlite::Result<u64> {
    let mut expire = database.prepare_cached(
        "update envelope set state = 7, settled_at = ?1
         where id in (select id from envelope where state in (0, 4) and expires_at <= ?1 order by expires_at limit ?2)
         and state in (0, 4) and expires_at <= ?1 returning id",
    )?;
    let rows: Result<Vec<RowId>, _> = expire.query_map(params![now, limit], |row| row.get(0))?.collect();
    let rows = rows?;
    rows.iter().try_for_each(|row| drop_content(database, *row))?;
    Ok(rows.len() as u64)
}

/// Their status goes too, and with it who they went to. An `unknown` one is kept as long as one that has ended. How many
/// there were, and how many of them `unknown`.
fn forget(database: &Connection, now: UnixTime, keep: Duration, limit: i64) -> rusqlite::Result<(u64, u64)> {
    let mut kept = database.prepare_cached(
        "select e.id, state from envelope e join submission s on s.id = e.id
         where settled_at <= ?1 and state in (3, 5, 6, 7, 8) and (idem is null or accepted_at <= ?2)
         order by settled_at limit ?3",
    )?;
    let times = params![now.before(keep), now.before(KEY_LIVES), limit];
    let rows: Result<Vec<(RowId, State)>, _> = kept.query_map(times, |row| Ok((row.get(0)?, row.get(1)?)))?.collect();
    let rows = rows?;
    for (row, _) in &rows {
        drop_content(database, *row)?;
        database.prepare_cached("delete from submission where id = ?1")?.execute([row])?;
    }
    let unknown = rows.iter().filter(|(_, state)| *state == State::Unknown).count();
    Ok((rows.len() as u64, unknown as u64))
}

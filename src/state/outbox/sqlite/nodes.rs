//! Which nodes live, and what becomes of rows whose node does not.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{names, parts};

use crate::runtime::millis::millis;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{ATTEMPT, Buried, Hold, NodeId, RowId, State};

/// Without a heartbeat for so long, a node counts as dead.
const DEAD_AFTER: Duration = Duration::from_secs(30);
/// A row that was lost so often is not tried again before a person has seen it.
const MAX_LOSSES: u32 = 3;

/// Says that a node lives.
pub(super) fn seen(database: &Connection, now: UnixTime, node: NodeId) -> rusqlite::Result<()> {
    let write = "insert into node (id, seen_at) values (?1, ?2) on conflict do update set seen_at = excluded.seen_at";
    database.prepare_cached(write)?.execute(params![node, now]).map(drop)
}

/// Forgets all nodes, which the lock of the process has proved dead.
pub(super) fn forget_all(database: &Connection) -> rusqlite::Result<()> {
    database.execute("delete from node", []).map(drop)
}

/// Frees what claims and replays under these numbers hold, whose answers were lost: no provider can have it.
pub(super) fn release(database: &Connection, now: UnixTime, node: NodeId, numbers: &[Uuid]) -> rusqlite::Result<()> {
    for number in numbers {
        let held = "state in (1, 2) and owner = ?1 and claim = ?2";
        let attempts =
            format!("delete from attempt where (envelope, fence) in (select id, fence from envelope where {held})");
        database.prepare_cached(&attempts)?.execute(params![node, number.as_bytes()])?;
        let rows = format!(
            "update envelope set state = iif(replayed, 3, 0), settled_at = iif(replayed, ?3, null), owner = null
             where {held}"
        );
        database.prepare_cached(&rows)?.execute(params![node, number.as_bytes(), now])?;
    }
    parts::release(database, now, node, numbers)
}

/// Counts a loss of a row that was not marked, under a node that lives.
pub(super) fn lost(database: &Connection, hold: &Hold, due: UnixTime) -> rusqlite::Result<Option<State>> {
    let update = "update envelope set state = iif(losses + 1 >= ?4, 4, 0), losses = losses + 1, due = ?5
         where id = ?1 and fence = ?2 and owner = ?3 and state = 1 returning state";
    let values = params![hold.row, hold.fence, hold.node, MAX_LOSSES, due];
    database.prepare_cached(update)?.query_row(values, |row| row.get(0)).optional()
}

/// Ends what dead nodes have held, found by the index of `state in (1, 2)`. The lock of the process proves that none but this
/// one lives; after a pause of any length its rows are its own still.
pub(super) fn bury(database: &Connection, now: UnixTime, own: NodeId) -> rusqlite::Result<Buried> {
    let silent = "delete from node where seen_at <= ?1";
    database.prepare_cached(silent)?.execute([now.before(DEAD_AFTER)])?;
    let mut claimed = database.prepare_cached(
        "update envelope set state = iif(losses + 1 >= ?1, 4, 0), losses = losses + 1, owner = null
         where state in (1, 2) and state = 1 and owner <> ?2 and owner not in (select id from node) returning id, state",
    )?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let freed: Vec<(RowId, State)> = claimed.query_map(params![MAX_LOSSES, own], row)?.collect::<Result<_, _>>()?;
    let mut marked = database.prepare_cached(
        "update envelope set state = 3, owner = null, due = max(?1, coalesce(marked_at, 0) + ?2), settled_at = ?1,
         replay_until = iif(replayed and losses + 1 >= ?3, null, replay_until), losses = losses + replayed
         where state in (1, 2) and state = 2 and owner <> ?4 and owner not in (select id from node)
         returning id, state",
    )?;
    let values = params![now, millis(ATTEMPT).cast_signed(), MAX_LOSSES, own];
    let in_doubt: Vec<(RowId, State)> = marked.query_map(values, row)?.collect::<Result<_, _>>()?;
    let mut buried = Buried { unknown: in_doubt.len() as u64, ..Buried::default() };
    for (row, state) in freed.into_iter().chain(in_doubt) {
        match state {
            State::Queued => buried.queued += 1,
            _ => buried.mails.push(names::of_row(database, row, state)?),
        }
    }
    buried.parked = buried.mails.len() as u64 - buried.unknown;
    parts::bury(database, now, own, MAX_LOSSES, &mut buried)?;
    Ok(buried)
}

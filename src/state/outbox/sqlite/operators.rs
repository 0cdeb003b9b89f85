//! What operators see and decide.

use rusqlite::{Connection, OptionalExtension, params};

use super::columns::signed;
use super::content::drop_content;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Count, Hmac, Order, Ordered, RowId, State};

/// Added up here: to group a million rows SQLite would sort them in memory.
pub(super) fn counts(database: &Connection) -> rusqlite::Result<Vec<Count>> {
    let mut select = database.prepare_cached(
        "select state, upstream, iif(content_key is null, 0, size), send_at
         from envelope e join submission s on s.id = e.id",
    )?;
    let (mut counts, mut rows) = (Vec::<Count>::new(), select.query([])?);
    while let Some(row) = rows.next()? {
        let (state, upstream, bytes, send_at): (State, _, i64, UnixTime) =
            (row.get(0)?, row.get_ref(1)?.as_str_or_null()?, row.get(2)?, row.get(3)?);
        let bytes = bytes.unsigned_abs();
        let is_same = |count: &&mut Count| count.state == state && count.upstream.as_deref() == upstream;
        if let Some(count) = counts.iter_mut().find(is_same) {
            (count.rows, count.bytes, count.oldest) = (count.rows + 1, count.bytes + bytes, count.oldest.min(send_at));
        } else {
            counts.push(Count { state, upstream: upstream.map(str::to_owned), rows: 1, bytes, oldest: send_at });
        }
    }
    counts.sort_by(|one, other| (one.state as u8, &one.upstream).cmp(&(other.state as u8, &other.upstream)));
    Ok(counts)
}

pub(super) fn pause(database: &Connection, paused: bool) -> rusqlite::Result<()> {
    database.execute("update control set paused = ?1", [paused]).map(drop)
}

pub(super) fn is_paused(database: &Connection) -> rusqlite::Result<bool> {
    database.prepare_cached("select paused from control")?.query_row([], |row| row.get(0))
}

/// Carries out a decision on a row that waits for people.
pub(super) fn order(database: &Connection, now: UnixTime, id: Id, order: Order) -> rusqlite::Result<Ordered> {
    let mut find = database
        .prepare_cached("select e.id, state from submission s join envelope e on e.id = s.id where uuid = ?1")?;
    let found: Option<(RowId, State)> = find.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((row, state)) = found else { return Ok(Ordered::NotFound) };
    let changed = match order {
        Order::Retry => retry(database, now, row)?,
        Order::SettleAsNone => not_taken(database, now, row)?,
        Order::SettleAsAccepted => taken(database, now, row)?,
    };
    Ok(changed.map_or(Ordered::Conflict(state), Ordered::Done))
}

/// Without its content a row cannot be sent. One that a person had parked as part of an older copy, which is one that was
/// not lost three times, may have been sent before the copy was restored.
fn retry(database: &Connection, now: UnixTime, row: RowId) -> rusqlite::Result<Option<State>> {
    let update = "update envelope set possible_duplicate = max(possible_duplicate, state = 3 or losses < 3), state = 0,
         due = ?2, losses = 0, replayed = 0, settled_at = null, owner = null
         where id = ?1 and state in (3, 4)
         and (select content_key from submission s where s.id = envelope.id) is not null returning state";
    database.prepare_cached(update)?.query_row(params![row, now], |row| row.get(0)).optional()
}

fn not_taken(database: &Connection, now: UnixTime, row: RowId) -> rusqlite::Result<Option<State>> {
    let update = "update envelope set state = 0, due = ?2, replayed = 0, settled_at = null, owner = null
         where id = ?1 and state = 3 and (select content_key from submission s where s.id = envelope.id) is not null returning state";
    database.prepare_cached(update)?.query_row(params![row, now], |row| row.get(0)).optional()
}

fn taken(database: &Connection, now: UnixTime, row: RowId) -> rusqlite::Result<Option<State>> {
    let update =
        "update envelope set state = 5, settled_at = ?2, owner = null where id = ?1 and state = 3 returning state";
    let state = database.prepare_cached(update)?.query_row(params![row, now], |row| row.get(0)).optional()?;
    if state.is_some() {
        drop_content(database, row)?;
    }
    Ok(state)
}

pub(super) fn of_recipient(
    database: &Connection,
    hmacs: &[Hmac],
    limit: usize,
) -> rusqlite::Result<Vec<(CallerName, Id)>> {
    let mut select = database.prepare_cached(
        "select accepted_at, name, uuid from address a join submission s on s.id = a.submission
         join caller c on c.id = s.caller where hmac = ?1 order by accepted_at desc, uuid desc limit ?2",
    )?;
    let mut found: Vec<(UnixTime, String, Id)> = Vec::new();
    for hmac in hmacs {
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        for one in select.query_map(params![hmac.0, signed(limit as u64)], row)? {
            found.push(one?);
        }
    }
    found.sort_by_key(|(accepted_at, _, _)| std::cmp::Reverse(*accepted_at));
    found.truncate(limit);
    Ok(found.into_iter().map(|(_, caller, id)| (caller.as_str().into(), id)).collect())
}

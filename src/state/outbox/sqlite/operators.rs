//! What operators see and decide.

use rusqlite::{Connection, OptionalExtension, params};

use super::change::cancel_row;
use super::columns::signed;
use super::content::drop_content;
use super::parts;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Count, Hmac, Order, Ordered, RouteSet, RowId, State};

/// The age of rows that wait or are `unknown` is found by an index; rows in hand are few.
pub(super) const COUNTS: &str = "
    select state, (select names from route_set r where r.id = t.route_set), nullif(upstream, ''), rows, bytes, case
        when upstream = 'mx' and state < 5 then (
            select wanted_at from envelope e where e.split = 1 and e.shown = t.state order by wanted_at limit 1)
        when state in (0, 4) then (
            select wanted_at from envelope e where e.state in (0, 4) and e.state = t.state and e.route_set = t.route_set
            order by wanted_at limit 1)
        when state = 3 then (
            select wanted_at from envelope e where e.state = 3 and e.upstream = t.upstream order by wanted_at limit 1)
        when state in (1, 2) then (
            select min(wanted_at) from envelope e where e.state in (1, 2) and e.state = t.state
            and iif(t.state = 1, e.route_set = t.route_set, e.upstream = t.upstream))
    end
    from tally t where rows > 0 order by 1, 2, 3";

pub(super) fn counts(database: &Connection) -> rusqlite::Result<Vec<Count>> {
    let mut select = database.prepare_cached(COUNTS)?;
    let count = |row: &rusqlite::Row<'_>| {
        let (names, rows, bytes): (Option<String>, i64, i64) = (row.get(1)?, row.get(3)?, row.get(4)?);
        Ok(Count {
            state: row.get(0)?,
            route_set: names.map(|names| RouteSet::new(names.split(',').filter(|name| !name.is_empty()))),
            upstream: row.get(2)?,
            rows: rows.unsigned_abs(),
            bytes: bytes.unsigned_abs(),
            oldest: row.get(5)?,
        })
    };
    select.query_map([], count)?.collect()
}

pub(super) fn pause(database: &Connection, paused: bool) -> rusqlite::Result<()> {
    database.execute("update control set paused = ?1", [paused]).map(drop)
}

pub(super) fn is_paused(database: &Connection) -> rusqlite::Result<bool> {
    database.prepare_cached("select paused from control")?.query_row([], |row| row.get(0))
}

/// Carries out a decision on one row.
pub(super) fn order(database: &Connection, now: UnixTime, id: Id, order: Order) -> rusqlite::Result<Ordered> {
    let mut find = database.prepare_cached(
        "select e.id, coalesce(shown, state), e.expires_at from submission s join envelope e on e.id = s.id where uuid = ?1",
    )?;
    let found = find.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let found: Option<(RowId, State, UnixTime)> = found;
    let Some((row, state, expires_at)) = found else { return Ok(Ordered::NotFound) };
    let changed = match order {
        Order::Retry => retry(database, now, row, now)?,
        Order::SettleAsNone => not_taken(database, now, row, now)?,
        Order::SettleAsAccepted => taken(database, now, row)?,
        Order::Cancel => cancel_row(database, now, row)?,
    };
    Ok(changed.map_or_else(|| Ordered::refused(order, state, expires_at <= now), Ordered::Done))
}

/// Without its content a row cannot be sent. One that would expire before it is due is due at once.
pub(super) fn retry(
    database: &Connection,
    now: UnixTime,
    row: RowId,
    due: UnixTime,
) -> rusqlite::Result<Option<State>> {
    if parts::is_split(database, row)? {
        return parts::retry(database, now, row, due);
    }
    let update = "update envelope set possible_duplicate = max(possible_duplicate, state = 3), state = 0,
         due = iif(?3 < expires_at, ?3, ?2), losses = 0, replayed = 0, settled_at = null, owner = null
         where id = ?1 and state in (3, 4) and expires_at > ?2
         and (select content_key from submission s where s.id = envelope.id) is not null returning state";
    database.prepare_cached(update)?.query_row(params![row, now, due], |row| row.get(0)).optional()
}

/// One that is sent again and would expire before it is due is due at once.
pub(super) fn not_taken(
    database: &Connection,
    now: UnixTime,
    row: RowId,
    due: UnixTime,
) -> rusqlite::Result<Option<State>> {
    if parts::is_split(database, row)? {
        return parts::settle(database, now, row, false, due);
    }
    let update = "update envelope set state = iif(erased, 8, iif(expires_at > ?2, 0, 7)), replayed = 0,
         due = iif(?3 < expires_at, ?3, ?2), settled_at = iif(erased or expires_at <= ?2, ?2, null), owner = null,
         bounce_due = iif(erased = 0 and expires_at <= ?2 and bounces and possible_duplicate = 0 and exists (select 1
            from route_set r where r.id = route_set and instr(',' || names || ',', ',mx,')), ?2, null)
         where id = ?1 and state = 3 returning state";
    let mut update = database.prepare_cached(update)?;
    settled(database, row, update.query_row(params![row, now, due], |row| row.get(0)).optional()?)
}

pub(super) fn taken(database: &Connection, now: UnixTime, row: RowId) -> rusqlite::Result<Option<State>> {
    if parts::is_split(database, row)? {
        return parts::settle(database, now, row, true, now);
    }
    let update =
        "update envelope set state = 5, settled_at = ?2, owner = null where id = ?1 and state = 3 returning state";
    settled(database, row, database.prepare_cached(update)?.query_row(params![row, now], |row| row.get(0)).optional()?)
}

/// What has ended keeps no content.
fn settled(database: &Connection, row: RowId, state: Option<State>) -> rusqlite::Result<Option<State>> {
    if state.is_some_and(State::is_final) {
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

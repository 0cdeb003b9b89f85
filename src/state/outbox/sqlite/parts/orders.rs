//! What callers and operators change of a mail in parts: of those parts whose state allows it.

use rusqlite::{Connection, OptionalExtension, Params, params};

use super::{domains, whole};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Hmac, RowId, State};

/// Is this mail in parts that have not ended it?
pub(in super::super) fn is_split(database: &Connection, row: RowId) -> rusqlite::Result<bool> {
    let select = "select split = 1 from envelope where id = ?1";
    let is_split = database.prepare_cached(select)?.query_row([row], |row| row.get(0)).optional()?;
    Ok(is_split.unwrap_or(false))
}

/// Cancels what waits or is only claimed; nothing, where a part is under way, unless the others have to end all the same.
/// The state of the mail, if something was cancelled.
pub(in super::super) fn cancel(
    database: &Connection,
    now: UnixTime,
    row: RowId,
    though_under_way: bool,
) -> rusqlite::Result<Option<State>> {
    let under_way = "select 1 from part where envelope = ?1 and state = 2";
    if !though_under_way && database.prepare_cached(under_way)?.exists([row])? {
        return Ok(None);
    }
    let update = "update part set state = 8, owner = null where envelope = ?1 and state in (0, 1, 4)";
    changed(database, now, row, update, params![row])
}

/// Sends parked parts anew, and `unknown` ones at the risk of a second copy.
pub(in super::super) fn retry(
    database: &Connection,
    now: UnixTime,
    row: RowId,
    due: UnixTime,
) -> rusqlite::Result<Option<State>> {
    let update = "update part set possible_duplicate = max(possible_duplicate, state = 3), state = 0,
         due = iif(?3 < expires_at, ?3, ?2), losses = 0, owner = null
         where envelope = ?1 and state in (3, 4) and expires_at > ?2
         and (select content_key from submission s where s.id = part.envelope) is not null";
    changed(database, now, row, update, params![row, now, due])
}

/// What a person has found out of `unknown` parts: taken, or not; then they wait again, or have ended otherwise.
pub(in super::super) fn settle(
    database: &Connection,
    now: UnixTime,
    row: RowId,
    taken: bool,
    due: UnixTime,
) -> rusqlite::Result<Option<State>> {
    let update = "update part set state = iif(?4, 5, iif((select erased from envelope e where e.id = part.envelope), 8,
            iif(expires_at > ?2, 0, 7))), due = iif(?3 < expires_at, ?3, ?2), owner = null
         where envelope = ?1 and state = 3";
    changed(database, now, row, update, params![row, now, due, taken])
}

/// Puts the parts that wait at another time.
pub(in super::super) fn reschedule(
    database: &Connection,
    now: UnixTime,
    row: RowId,
    due: UnixTime,
) -> rusqlite::Result<Option<State>> {
    let update = "update part set due = ?2 where envelope = ?1 and state = 0 and expires_at > ?2";
    let state = changed(database, now, row, update, params![row, due])?;
    if state.is_some() {
        database.prepare_cached("update envelope set wanted_at = ?2 where id = ?1")?.execute(params![row, due])?;
        database.prepare_cached("update submission set send_at = ?2 where id = ?1")?.execute(params![row, due])?;
    }
    Ok(state)
}

fn changed(
    database: &Connection,
    now: UnixTime,
    row: RowId,
    update: &str,
    values: impl Params,
) -> rusqlite::Result<Option<State>> {
    if database.prepare_cached(update)?.execute(values)? == 0 {
        return Ok(None);
    }
    let mut waiting = database.prepare_cached("select domain, due from part where envelope = ?1 and state = 0")?;
    let domains = waiting.query_map([row], |row| Ok((Hmac(row.get(0)?), row.get(1)?)))?;
    let domains: Vec<(Hmac, UnixTime)> = domains.collect::<Result<_, _>>()?;
    domains.iter().try_for_each(|(domain, due)| domains::wake(database, domain, *due))?;
    whole::refresh(database, now, row).map(Some)
}

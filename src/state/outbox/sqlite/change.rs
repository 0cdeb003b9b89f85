//! What a caller may change of its submissions.

use rusqlite::{Connection, params};

use super::content::{drop_content, erase as erase_content};
use super::parts;
use super::status::{find, of_row};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Change, RowId, State, Status};

pub(super) fn reschedule(
    database: &Connection,
    now: UnixTime,
    caller: &CallerName,
    id: Id,
    send_at: UnixTime,
) -> rusqlite::Result<Change> {
    let Some((row, _)) = find(database, caller, id)? else { return Ok(Change::NotFound) };
    if parts::is_split(database, row)? {
        let changed = parts::reschedule(database, now, row, send_at)?;
        return done(database, row, if changed.is_some() { Change::Done } else { Change::Conflict });
    }
    let update = "update envelope set due = ?2, wanted_at = ?2 where id = ?1 and state = 0 and expires_at > ?2";
    if database.prepare_cached(update)?.execute(params![row, send_at])? == 0 {
        return done(database, row, Change::Conflict);
    }
    database.prepare_cached("update submission set send_at = ?2 where id = ?1")?.execute(params![row, send_at])?;
    done(database, row, Change::Done)
}

pub(super) fn cancel(database: &Connection, now: UnixTime, caller: &CallerName, id: Id) -> rusqlite::Result<Change> {
    let Some((row, _)) = find(database, caller, id)? else { return Ok(Change::NotFound) };
    let cancelled = cancel_row(database, now, row)?;
    done(database, row, if cancelled.is_some() { Change::Cancelled } else { Change::Conflict })
}

pub(super) fn erase(database: &Connection, now: UnixTime, caller: &CallerName, id: Id) -> rusqlite::Result<Change> {
    let Some((row, state)) = find(database, caller, id)? else { return Ok(Change::NotFound) };
    if state == State::Sending {
        return done(database, row, Change::Conflict);
    }
    let cancelled = cancel_row(database, now, row)?;
    erase_content(database, row)?;
    done(database, row, if cancelled.is_some() { Change::Cancelled } else { Change::Done })
}

/// Where nothing of it is on the wire. The content goes with it, so a claim of it finds at the mark that it was lost. The
/// state by now, if that has changed something.
pub(super) fn cancel_row(database: &Connection, now: UnixTime, row: RowId) -> rusqlite::Result<Option<State>> {
    if parts::is_split(database, row)? {
        return parts::cancel(database, now, row, false);
    }
    let update = "update envelope set state = 8, settled_at = ?2, owner = null where id = ?1 and state in (0, 1, 4)";
    let cancelled = database.prepare_cached(update)?.execute(params![row, now])? > 0;
    if cancelled {
        drop_content(database, row)?;
    }
    Ok(cancelled.then_some(State::Cancelled))
}

fn done(database: &Connection, row: RowId, change: fn(Box<Status>) -> Change) -> rusqlite::Result<Change> {
    of_row(database, row).map(|status| change(Box::new(status)))
}

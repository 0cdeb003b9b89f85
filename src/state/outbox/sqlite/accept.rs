//! Takes submissions, each with its `Idempotency-Key`.

use rusqlite::{Connection, OptionalExtension, params};

use super::attempts;
use super::columns::signed;
use super::content;
use super::names;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Acceptance, Batch, Full, NewRow, Room, RowId, State, Ticket};

/// An answer per item. `has_disk`: does the disk have room for more?
pub(super) fn accept(
    database: &Connection,
    now: UnixTime,
    batch: &Batch,
    has_disk: bool,
) -> rusqlite::Result<Vec<Acceptance>> {
    database.execute_batch("savepoint batch")?;
    let caller = names::caller(database, batch.caller.as_str())?;
    let take = |row| take(database, now, caller, batch, row, has_disk);
    let answers: Result<Vec<_>, _> = batch.rows.iter().map(take).collect();
    let mut answers = answers?;
    let is_taken = |answer: &Acceptance| matches!(answer, Acceptance::Accepted(_) | Acceptance::Repeated(_));
    if batch.atomic && !answers.iter().all(is_taken) {
        database.execute_batch("rollback to batch")?;
        let accepted = answers.iter_mut().filter(|answer| matches!(answer, Acceptance::Accepted(_)));
        accepted.for_each(|answer| *answer = Acceptance::Withheld);
    }
    database.execute_batch("release batch")?;
    Ok(batch.told(answers))
}

fn take(
    database: &Connection,
    now: UnixTime,
    caller: i64,
    batch: &Batch,
    row: &NewRow,
    has_disk: bool,
) -> rusqlite::Result<Acceptance> {
    if let Some(before) = known(database, caller, row)? {
        return Ok(if before.id == row.id { Acceptance::Repeated(before) } else { Acceptance::KeyInUse });
    }
    if let Some(full) = full(database, caller, batch, row, has_disk)? {
        return Ok(Acceptance::Full(full));
    }
    insert(database, now, caller, row).map(Acceptance::Accepted)
}

/// What its key names already. Without a key: itself, where a COMMIT was unclear and it is accepted once more.
fn known(database: &Connection, caller: i64, row: &NewRow) -> rusqlite::Result<Option<Ticket>> {
    let mut select = database.prepare_cached(
        "select uuid, state, accepted_at, send_at, s.expires_at, possible_duplicate
         from submission s join envelope e on e.id = s.id
         where s.caller = ?1 and idem = ?2 or s.caller = ?1 and uuid = ?3",
    )?;
    select.query_row(params![caller, row.key, row.id], ticket).optional()
}

/// A ticket of the columns uuid, state, `accepted_at`, `send_at`, `expires_at`, `possible_duplicate`.
pub(super) fn ticket(row: &rusqlite::Row<'_>) -> rusqlite::Result<Ticket> {
    let (id, state, accepted_at) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (send_at, expires_at, possible_duplicate) = (row.get(3)?, row.get(4)?, row.get(5)?);
    Ok(Ticket { id, state, accepted_at, send_at, expires_at, possible_duplicate })
}

fn full(
    database: &Connection,
    caller: i64,
    batch: &Batch,
    row: &NewRow,
    has_disk: bool,
) -> rusqlite::Result<Option<Full>> {
    let [callers, all] = content::taken(database, caller)?;
    let rows = |(rows, _): (u64, u64), room: Room| rows >= room.rows;
    let bytes = |(_, bytes): (u64, u64), room: Room| bytes.saturating_add(row.sealed.size) > room.bytes;
    let limits = [
        (!has_disk, Full::Disk),
        (rows(all, batch.room), Full::Rows),
        (bytes(all, batch.room), Full::Bytes),
        (rows(callers, batch.callers_room), Full::CallersRows),
        (bytes(callers, batch.callers_room), Full::CallersBytes),
    ];
    Ok(limits.into_iter().find(|(reached, _)| *reached).map(|(_, full)| full))
}

fn insert(database: &Connection, now: UnixTime, caller: i64, new: &NewRow) -> rusqlite::Result<Ticket> {
    let send_at = new.send.from(now).max(now);
    let expires_at = new.expires.from(send_at);
    let (id, state) = (new.id, State::Queued);
    let ticket = Ticket { id, state, accepted_at: now, send_at, expires_at, possible_duplicate: false };
    let (sealed, size) = (&new.sealed, signed(new.sealed.size));
    let mut submission = database.prepare_cached(
        "insert into submission (uuid, caller, idem, from_domain, accepted_at, send_at, expires_at, size, key_id,
         content_key, recipients_key, recipients) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    let row = RowId(submission.insert(params![
        ticket.id,
        caller,
        new.key,
        new.from_domain,
        ticket.accepted_at,
        ticket.send_at,
        ticket.expires_at,
        size,
        sealed.content.key_id.0,
        sealed.content.wrapped_key,
        sealed.recipients.wrapped_key,
        sealed.recipients.bytes,
    ])?);
    let mut envelope = database.prepare_cached(
        "insert into envelope (id, caller, route_set, rules, lane, due, expires_at, listed_at, wanted_at, attempts,
            bounces)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?6, ?9, ?10)",
    )?;
    let route_set = names::route_set(database, new.route_set.as_str())?;
    let (rules, Ticket { send_at, expires_at, .. }) = (new.rules.0, ticket);
    let attempts = new.earlier.attempts;
    let values = params![row, caller, route_set, rules, new.lane, send_at, expires_at, now, attempts, new.bounces];
    envelope.execute(values)?;
    attempts::write_earlier(database, now, row, &new.earlier.tried)?;
    content::write(database, row, &sealed.content)?;
    content::take_room(database, caller, 1, size)?;
    let mut address =
        database.prepare_cached("insert into address (submission, hmac) values (?1, ?2) on conflict do nothing")?;
    sealed.hmacs.iter().try_for_each(|hmac| address.execute(params![row, hmac.0]).map(drop))?;
    Ok(ticket)
}

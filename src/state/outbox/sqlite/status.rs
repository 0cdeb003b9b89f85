//! What a caller sees of its submissions.

use rusqlite::{Connection, OptionalExtension, params};

use super::accept::ticket;
use super::columns::signed;
use super::{attempts, names};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Cursor, Filter, KeyId, Lane, Page, RowId, SealedRecipients, State, Status, Ticket};

/// The row of a caller's submission, and its state.
pub(super) fn find(database: &Connection, caller: &CallerName, id: Id) -> rusqlite::Result<Option<(RowId, State)>> {
    let mut select = database.prepare_cached(
        "select e.id, state from submission s join envelope e on e.id = s.id join caller c on c.id = s.caller
         where uuid = ?1 and name = ?2",
    )?;
    select.query_row(params![id, caller.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

pub(super) fn status(database: &Connection, caller: &CallerName, id: Id) -> rusqlite::Result<Option<Status>> {
    match find(database, caller, id)? {
        Some((row, _)) => of_row(database, row).map(Some),
        None => Ok(None),
    }
}

/// All that is known of a row.
pub(super) fn of_row(database: &Connection, row: RowId) -> rusqlite::Result<Status> {
    let attempts = attempts::of(database, row)?;
    let mut select = database.prepare_cached(
        "select uuid, state, accepted_at, send_at, s.expires_at, possible_duplicate, lane, due, settled_at, key_id,
         recipients_key, recipients, recipient_verdicts from submission s join envelope e on e.id = s.id where s.id = ?1",
    )?;
    select.query_row([row], |row| {
        let ticket = ticket(row)?;
        let (due, settled): (UnixTime, Option<UnixTime>) = (row.get(7)?, row.get(8)?);
        let verdicts: Option<String> = row.get(12)?;
        Ok(Status {
            ticket,
            lane: row.get::<_, Lane>(6)?,
            next_attempt_at: (ticket.state == State::Queued).then_some(due),
            ended_at: settled.filter(|_| ticket.state.is_final()),
            recipients: recipients(row)?,
            recipient_verdicts: attempts::read(&verdicts.unwrap_or_default()),
            attempts,
        })
    })
}

/// Reads the columns 9 to 11; none where they were erased.
fn recipients(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<SealedRecipients>> {
    let (key_id, wrapped_key, bytes): (String, Option<Vec<u8>>, Option<Vec<u8>>) =
        (row.get(9)?, row.get(10)?, row.get(11)?);
    let sealed = |(wrapped_key, bytes)| SealedRecipients { key_id: KeyId(key_id), wrapped_key, bytes };
    Ok(wrapped_key.zip(bytes).map(sealed))
}

/// One more than asked for is read, to know whether there is a next page.
pub(super) fn list(
    database: &Connection,
    caller: &CallerName,
    filter: Filter,
    after: Option<Cursor>,
    limit: usize,
) -> rusqlite::Result<Page> {
    let Some(caller) = names::known_caller(database, caller.as_str())? else {
        return Ok(Page { tickets: Vec::new(), next: None });
    };
    let (at, id) = match after {
        Some(Cursor { accepted_at, id }) => (accepted_at, uuid::Uuid::from(id).as_bytes().to_vec()),
        // Behind every id.
        None => (UnixTime(i64::MAX), vec![0xff; 17]),
    };
    let mut select = database.prepare_cached(
        "select uuid, state, accepted_at, send_at, s.expires_at, possible_duplicate from submission s join envelope e on e.id = s.id
         where s.caller = ?1 and (accepted_at, uuid) < (?2, ?3) and (?4 is null or state = ?4)
         order by accepted_at desc, uuid desc limit ?5",
    )?;
    let limit = limit.max(1);
    let values = params![caller, at, id, filter.state, signed(limit as u64 + 1)];
    let tickets: Result<Vec<Ticket>, _> = select.query_map(values, ticket)?.collect();
    let mut tickets = tickets?;
    let more = tickets.len() > limit;
    tickets.truncate(limit);
    let cursor = |last: &Ticket| Cursor { accepted_at: last.accepted_at, id: last.id };
    let next = tickets.last().filter(|_| more).map(cursor);
    Ok(Page { tickets, next })
}

//! What a caller sees of one of its submissions.

use rusqlite::{Connection, OptionalExtension, params};

use super::accept::ticket;
use super::{attempts, parts};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{KeyId, Lane, RowId, SealedRecipients, State, Status};

/// The row of a caller's submission, and its state.
pub(super) fn find(database: &Connection, caller: &CallerName, id: Id) -> rusqlite::Result<Option<(RowId, State)>> {
    let mut select = database.prepare_cached(
        "select e.id, coalesce(shown, state) from submission s join envelope e on e.id = s.id join caller c on c.id = s.caller
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
    let mut attempts = attempts::of(database, row)?;
    attempts.extend(parts::attempts(database, row)?);
    let parts = parts::of(database, row)?;
    let mut select = database.prepare_cached(
        "select uuid, coalesce(shown, state), accepted_at, send_at, s.expires_at, possible_duplicate, lane, due, settled_at, key_id,
         recipients_key, recipients, recipient_verdicts from submission s join envelope e on e.id = s.id where s.id = ?1",
    )?;
    select.query_row([row], |row| {
        let ticket = ticket(row)?;
        let (due, settled): (UnixTime, Option<UnixTime>) = (row.get(7)?, row.get(8)?);
        let verdicts: Option<String> = row.get(12)?;
        // Of a mail in parts the first one's.
        let due = parts.iter().filter_map(|part| part.next_attempt_at).min().unwrap_or(due);
        Ok(Status {
            ticket,
            lane: row.get::<_, Lane>(6)?,
            next_attempt_at: (ticket.state == State::Queued).then_some(due),
            ended_at: settled.filter(|_| ticket.state.is_final()),
            recipients: recipients(row)?,
            recipient_verdicts: attempts::read(&verdicts.unwrap_or_default()),
            attempts,
            parts,
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

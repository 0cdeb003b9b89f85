//! What a status shows of parts.

use rusqlite::{Connection, Row};

use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::parts::{UPSTREAM, read_places, read_verdicts};
use crate::state::outbox::{PartStatus, RowId, State, TriedAt};

/// The parts of a mail, in the order in which they came about; none of one that was never split.
pub(in super::super) fn of(database: &Connection, row: RowId) -> rusqlite::Result<Vec<PartStatus>> {
    let mut select = database.prepare_cached(
        "select state, places, due, attempts, possible_duplicate, verdicts from part where envelope = ?1 order by id",
    )?;
    let part = |row: &Row<'_>| {
        let (state, due): (State, UnixTime) = (row.get(0)?, row.get(2)?);
        let (places, verdicts): (String, Option<String>) = (row.get(1)?, row.get(5)?);
        Ok(PartStatus {
            state,
            places: read_places(&places),
            next_attempt_at: (state == State::Queued).then_some(due),
            attempts: row.get(3)?,
            possible_duplicate: row.get(4)?,
            verdicts: read_verdicts(verdicts.as_deref()),
        })
    };
    select.query_map([row], part)?.collect()
}

/// Every hand-over of a part of this mail, the first one first.
pub(in super::super) fn attempts(database: &Connection, row: RowId) -> rusqlite::Result<Vec<TriedAt>> {
    let mut select = database.prepare_cached(
        "select at, took, outcome, reason, code, late from part_attempt a join part p on p.id = a.part
         where p.envelope = ?1 order by at, part, a.fence",
    )?;
    let tried = |row: &Row<'_>| {
        Ok(TriedAt {
            upstream: UPSTREAM.to_owned(),
            at: row.get(0)?,
            took_ms: row.get(1)?,
            outcome: row.get(2)?,
            reason: row.get(3)?,
            code: row.get(4)?,
            provider_message_id: None,
            late: row.get(5)?,
        })
    };
    select.query_map([row], tried)?.collect()
}

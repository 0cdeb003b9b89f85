//! The verdict of a claim that holds its row no more: the row was replayed, or a person has ordered it to be sent anew.
//!
//! A provider that took the mail ends the row, under any claim: the later hand-over gets no consent any more. One that did
//! not says nothing of a later hand-over, so it settles the row only where no hand-over is in doubt any more. What has ended
//! stays as it is.

use rusqlite::{Connection, OptionalExtension, params};

use super::{attempts, content, parts};
use crate::model::outcome::Outcome;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Ended, Hold, State, Verdict};

/// Records the verdicts of such an end that were not known before. The state, if it was brought about by this.
pub(super) fn end(database: &Connection, now: UnixTime, hold: &Hold, ended: &Ended) -> rusqlite::Result<Option<State>> {
    let Some(state) = state_of_lost(database, hold)? else { return Ok(None) };
    let mut open = Vec::new();
    for verdict in ended.verdicts() {
        match attempts::outcome(database, hold, &verdict.upstream)? {
            Some(None) => open.push(verdict),
            Some(Some(known)) if known == Outcome::Unknown.as_str() => open.push(verdict),
            // A repeat of the end that has brought it there.
            Some(Some(known)) if state == State::Accepted && is_acceptance(verdict, ended) => {
                return Ok((known == Outcome::Accepted.as_str()).then_some(state));
            }
            _ => {}
        }
    }
    open.iter().try_for_each(|verdict| attempts::finish(database, hold, verdict))?;
    if ended.tells_of_all() {
        attempts::forget_open(database, hold)?;
    }
    let settled = match ended {
        Ended::Accepted { possible_duplicate, .. } => {
            let Some(taken) = open.iter().find(|verdict| is_acceptance(verdict, ended)) else { return Ok(None) };
            let settled = accepted(database, now, hold, taken, *possible_duplicate)?;
            if settled.is_some() {
                attempts::record_recipients(database, hold.row, ended.verdicts())?;
            }
            settled
        }
        Ended::Refused { .. } => not_taken(database, now, hold, State::Refused, now, false)?,
        Ended::Again { wait, counted, .. } => {
            not_taken(database, now, hold, State::Queued, now.after(*wait), *counted)?
        }
        Ended::Lost { .. } | Ended::Unknown { .. } => None,
    };
    if settled.is_some_and(State::is_final) {
        content::drop_content(database, hold.row)?;
    }
    Ok(settled)
}

fn is_acceptance(verdict: &Verdict, ended: &Ended) -> bool {
    matches!(ended, Ended::Accepted { .. }) && verdict.outcome == Outcome::Accepted
}

/// The state of a row that another claim or an order has taken from this one; none, where this one holds it still.
fn state_of_lost(database: &Connection, hold: &Hold) -> rusqlite::Result<Option<State>> {
    let select = "select state from envelope where id = ?1 and (fence > ?2 or fence = ?2 and state not in (1, 2))";
    database.prepare_cached(select)?.query_row(params![hold.row, hold.fence], |row| row.get(0)).optional()
}

/// There may be a second copy where another hand-over is in doubt, or was taken, and is no replay of this one. Of a mail that has
/// ended nobody is told any more that it does not reach somebody; of one in parts its parts say of whom.
fn accepted(
    database: &Connection,
    now: UnixTime,
    hold: &Hold,
    taken: &Verdict,
    possible_duplicate: bool,
) -> rusqlite::Result<Option<State>> {
    let mut doubt = database.prepare_cached(
        "update envelope set possible_duplicate = 1, bounce_due = iif(state < 5 or split > 0, bounce_due, null)
         where id = ?1 and (?4 or state in (6, 7, 8) or replayed = 0 and exists
         (select 1 from attempt a where a.envelope = ?1 and (a.fence <> ?2 or a.upstream <> ?3)
          and (a.outcome is null or a.outcome in ('unknown', 'accepted'))))",
    )?;
    doubt.execute(params![hold.row, hold.fence, taken.upstream, possible_duplicate])?;
    let state = parts::taken(database, now, hold.row, taken)?;
    if state.is_some() {
        return Ok(state);
    }
    let update =
        "update envelope set state = 5, settled_at = ?2, owner = null where id = ?1 and state < 5 returning state";
    database.prepare_cached(update)?.query_row(params![hold.row, now], |row| row.get(0)).optional()
}

fn not_taken(
    database: &Connection,
    now: UnixTime,
    hold: &Hold,
    to: State,
    due: UnixTime,
    counted: bool,
) -> rusqlite::Result<Option<State>> {
    let update = "update envelope set state = iif(erased and ?3 = 0, 8, ?3), replayed = 0, owner = null, due = ?4,
         settled_at = iif(erased or ?3 <> 0, ?2, null), attempts = attempts + ?5
         where id = ?1 and state = 3 and split <> 1 and not exists (select 1 from attempt a where a.envelope = ?1
         and (a.outcome is null or a.outcome = 'unknown')) returning state";
    database.prepare_cached(update)?.query_row(params![hold.row, now, to, due, counted], |row| row.get(0)).optional()
}

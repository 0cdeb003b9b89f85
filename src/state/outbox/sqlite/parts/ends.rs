//! What a claim of a part came to. Where its recipients have come to different ends, the part is divided.

use rusqlite::{Connection, OptionalExtension, params};

use super::changes::{Change, divide};
use super::row::{Part, find};
use super::{hand_over, late, whole};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::parts::{Group, groups};
use crate::state::outbox::{PartEnded, PartHold, PartTo, RowId, State};

/// A part that was lost so often is not tried again before a person has seen it.
const MAX_LOSSES: u32 = 3;

/// Records the end of a claim. The state of the mail by now; none: the fence is lost.
pub(super) fn end(
    database: &Connection,
    now: UnixTime,
    hold: &PartHold,
    ended: &PartEnded,
) -> rusqlite::Result<Option<State>> {
    let Some(part) = find(database, hold.part)? else { return Ok(None) };
    let (verdicts, wait, counted) = match ended {
        PartEnded::Lost { wait } => return lost(database, now, hold, &part, now.after(*wait)),
        PartEnded::Told { verdicts, wait, counted, .. } => (verdicts, *wait, *counted),
    };
    let untold = if part.state == State::Claimed { PartTo::Again } else { PartTo::Unknown };
    let groups = groups(&part.places, verdicts, untold);
    if !part.may_be_ended_by(hold) {
        if part.is_of(hold) && groups.first().is_some_and(|group| group.state(part.erased) == part.state) {
            return whole::told_again(database, &part).map(Some);
        }
        return if part.is_lost_to(hold) { late::end(database, now, hold, ended, &part) } else { Ok(None) };
    }
    let was_handed_over = |group: &Group| matches!(group.to, PartTo::Accepted | PartTo::Unknown);
    if part.state == State::Claimed && groups.iter().any(was_handed_over) {
        return Ok(None);
    }
    hand_over::record(database, now, hold, ended, &groups, !part.is_of(hold))?;
    let change = Change { due: now.after(wait), counted, owner: Some(hold) };
    divide(database, &part, &groups, &change)?;
    whole::refresh_by(database, now, &part).map(Some)
}

/// Counts a loss of a part that was not marked, under a node that lives. Whatever waits of the mail, that the part is parked is
/// told.
fn lost(
    database: &Connection,
    now: UnixTime,
    hold: &PartHold,
    part: &Part,
    due: UnixTime,
) -> rusqlite::Result<Option<State>> {
    let update = "update part set state = iif(losses + 1 >= ?4, 4, 0), losses = losses + 1, due = ?5
         where id = ?1 and fence = ?2 and owner = ?3 and state = 1 returning envelope";
    let values = params![hold.part, hold.fence, hold.node, MAX_LOSSES, due];
    let envelope: Option<RowId> = database.prepare_cached(update)?.query_row(values, |row| row.get(0)).optional()?;
    let was_before = part.is_of(hold) && matches!(part.state, State::Queued | State::Parked);
    let Some(envelope) = envelope.or(was_before.then_some(part.envelope)) else { return Ok(None) };
    let state = whole::refresh(database, now, envelope)?;
    let is_parked = find(database, hold.part)?.is_some_and(|part| part.state == State::Parked);
    Ok(Some(if is_parked { State::Parked } else { state }))
}

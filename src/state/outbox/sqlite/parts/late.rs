//! The verdict of a claim that holds its part no more.
//!
//! A server that took the mail ends its recipients' part, under any claim, also where a later one has moved them to another
//! part: the later hand-over gets no consent any more. One that did not says nothing of a later hand-over, so it settles the
//! part only where no hand-over is in doubt any more.

use rusqlite::{Connection, params};

use super::changes::{Change, divide, settle, split_off};
use super::row::{self, Part};
use super::{domains, hand_over, whole};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::parts::{Group, groups, written_places};
use crate::state::outbox::{PartEnded, PartHold, PartTo, PartVerdict, State};

/// The state of the mail, if a part of it was brought somewhere by this.
pub(super) fn end(
    database: &Connection,
    now: UnixTime,
    hold: &PartHold,
    ended: &PartEnded,
    part: &Part,
) -> rusqlite::Result<Option<State>> {
    let PartEnded::Told { verdicts, wait, counted, .. } = ended else { return Ok(None) };
    let all = groups(&part.places, verdicts, PartTo::Unknown);
    let is_taken = all.iter().any(|group| group.to == PartTo::Accepted);
    match hand_over::is_open(database, hold)? {
        Some(true) => {}
        // A repeat of the end that has brought it there.
        Some(false) if part.state == State::Accepted && is_taken => return whole::told_again(database, part).map(Some),
        Some(false) | None => return Ok(None),
    }
    hand_over::record(database, now, hold, ended, &all, true)?;
    let change = Change { due: now.after(*wait), counted: *counted, owner: None };
    let is_moved = moved(database, part, verdicts, &change)?;
    let has_other = hand_over::has_other(database, part.id, Some(hold.fence))?;
    let is_unsettled = all.iter().any(|group| group.to == PartTo::Unknown);
    let is_settled = if is_taken {
        accepted(database, part, &all, &change, has_other)?
    } else if part.state != State::Unknown || is_unsettled || has_other {
        false
    } else {
        divide(database, part, &all, &change)?;
        true
    };
    if !is_moved && !is_settled {
        return Ok(None);
    }
    whole::refresh_by(database, now, part)?;
    whole::told_again(database, part).map(Some)
}

/// Brings recipients to whom the mail came whom a later claim has moved to other parts: it is not sent to them again. Have
/// there been any?
fn moved(database: &Connection, part: &Part, verdicts: &[PartVerdict], change: &Change<'_>) -> rusqlite::Result<bool> {
    let is_moved = |verdict: &&PartVerdict| verdict.to == PartTo::Accepted && !part.places.contains(&verdict.place);
    let taken: Vec<_> = verdicts.iter().filter(is_moved).cloned().collect();
    if taken.is_empty() {
        return Ok(false);
    }
    let mut have_been = false;
    for other in row::others(database, part)? {
        let all = groups(&other.places, &taken, PartTo::Unknown);
        if all.iter().any(|group| group.to == PartTo::Accepted) {
            let has_other = hand_over::has_other(database, other.id, None)?;
            have_been |= accepted(database, &other, &all, change, has_other)? || other.state == State::Accepted;
        }
    }
    Ok(have_been)
}

/// There may be a second copy where another hand-over is in doubt or was taken, or a person has decided otherwise. What has
/// ended stays as it is. False: it has.
fn accepted(
    database: &Connection,
    part: &Part,
    all: &[Group],
    change: &Change<'_>,
    has_other: bool,
) -> rusqlite::Result<bool> {
    if has_other || matches!(part.state, State::Refused | State::Expired | State::Cancelled) {
        let doubt = "update part set possible_duplicate = 1 where id = ?1";
        database.prepare_cached(doubt)?.execute([part.id])?;
        // A bounce that would tell of nobody any more is not due.
        let whole = "update envelope set possible_duplicate = 1, bounce_due = iif(exists (select 1 from part p
                where p.envelope = envelope.id and p.state in (6, 7) and p.bounced = 0 and p.possible_duplicate = 0),
                bounce_due, null) where id = ?1";
        database.prepare_cached(whole)?.execute([part.envelope])?;
    }
    if part.state.is_final() {
        return Ok(false);
    }
    let (taken, others): (Vec<_>, Vec<_>) = all.iter().partition(|group| group.to == PartTo::Accepted);
    if others.is_empty() {
        taken.iter().try_for_each(|group| settle(database, part, group, change))?;
    } else {
        taken.iter().try_for_each(|group| split_off(database, part, group, change))?;
        let rest: Vec<_> = others.into_iter().flat_map(|group| group.places.iter().copied()).collect();
        keep(database, part, &rest)?;
    }
    Ok(true)
}

/// The others stay where they are. A claim that was not marked is lost: it would hand over to those that have the mail, too.
pub(super) fn keep(database: &Connection, part: &Part, rest: &[u32]) -> rusqlite::Result<()> {
    let keep = "update part set places = ?2, owner = iif(state = 1, null, owner), state = iif(state = 1, 0, state)
         where id = ?1 returning due";
    let due = database.prepare_cached(keep)?.query_row(params![part.id, written_places(rest)], |row| row.get(0))?;
    if part.state == State::Claimed { domains::wake(database, &part.domain, due) } else { Ok(()) }
}

//! The mark before a hand-over, what it came to, and the replay.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::columns::signed;
use super::{attempts, content, history, late, nodes};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::bound::Left;
use crate::state::outbox::{Bound, Ended, Fence, Hold, Mark, NodeId, RowId, State, Verdict};

/// From a replay that was refused to the next one.
const REPLAY_WAIT: Duration = Duration::from_secs(60);

/// May this row be handed over to this upstream?
pub(super) fn mark(database: &Connection, now: UnixTime, hold: &Hold, mark: &Mark) -> rusqlite::Result<bool> {
    let mut update = database.prepare_cached(
        "update envelope set state = 2, upstream = ?4, marked_at = ?5, replay_until = ?6,
         possible_duplicate = max(possible_duplicate, ?7)
         where id = ?1 and fence = ?2 and owner = ?3 and state in (1, 2)
         and expires_at > ?5 and erased = 0 and replayed = 0",
    )?;
    let replay_until = mark.replay_for.map(|time| now.after(time));
    let Hold { row, fence, node } = hold;
    let values = params![row, fence, node, mark.upstream, now, replay_until, mark.possible_duplicate];
    if update.execute(values)? == 0 {
        return Ok(false);
    }
    attempts::begin(database, now, hold, &mark.upstream)?;
    history::raise(database, 1)?;
    Ok(true)
}

/// Records what a claim came to.
pub(super) fn end(database: &Connection, now: UnixTime, hold: &Hold, ended: &Ended) -> rusqlite::Result<Option<State>> {
    let no_verdicts = Vec::new();
    let (state, verdicts) = match ended {
        Ended::Accepted { verdicts, possible_duplicate } => {
            (accepted(database, now, hold, *possible_duplicate)?, verdicts)
        }
        Ended::Refused { verdicts } => (refused(database, now, hold)?, verdicts),
        Ended::Again { verdicts, wait, counted, possible_duplicate } => {
            let due = now.after(*wait);
            (again(database, now, hold, due, *counted, *possible_duplicate)?, verdicts)
        }
        Ended::Lost { wait } => (nodes::lost(database, hold, now.after(*wait))?, &no_verdicts),
        Ended::Unknown { verdicts, replay_after } => {
            (unknown(database, now, hold, now.after(*replay_after))?, verdicts)
        }
    };
    let Some(state) = state else {
        let before = repeated(database, hold, ended)?;
        return before.map_or_else(|| late::end(database, now, hold, ended), |state| Ok(Some(state)));
    };
    record(database, now, hold, verdicts)?;
    if ended.tells_of_all() {
        attempts::forget_open(database, hold)?;
    }
    if state.is_final() {
        content::drop_content(database, hold.row)?;
    }
    Ok(Some(state))
}

/// A provider has it: that settles every doubt.
fn accepted(
    database: &Connection,
    now: UnixTime,
    hold: &Hold,
    possible_duplicate: bool,
) -> rusqlite::Result<Option<State>> {
    let update = "update envelope set state = 5, settled_at = ?4, owner = ?3,
         possible_duplicate = max(possible_duplicate, ?5)
         where id = ?1 and fence = ?2 and (owner = ?3 and state = 2 or state = 3) returning state";
    let values = params![hold.row, hold.fence, hold.node, now, possible_duplicate];
    database.prepare_cached(update)?.query_row(values, |row| row.get(0)).optional()
}

/// May a provider have a replay's row by an earlier hand-over? A refusal of the replay says nothing of that one.
fn keeps_doubt(database: &Connection, hold: &Hold) -> rusqlite::Result<bool> {
    let select = "select replayed and exists (select 1 from attempt a where a.envelope = ?1 and a.fence <> ?2
         and (a.outcome is null or a.outcome = 'unknown')) from envelope where id = ?1";
    let doubt =
        database.prepare_cached(select)?.query_row(params![hold.row, hold.fence], |row| row.get(0)).optional()?;
    Ok(doubt.unwrap_or(false))
}

/// What stays in doubt is not replayed again at once.
fn refused(database: &Connection, now: UnixTime, hold: &Hold) -> rusqlite::Result<Option<State>> {
    let update = "update envelope set state = iif(?6, 3, 6), replayed = ?6, settled_at = ?4, due = ?5, owner = ?3
         where id = ?1 and fence = ?2 and (owner = ?3 and state in (1, 2) or state = 3) returning state";
    let (wait, keeps_doubt) = (now.after(REPLAY_WAIT), keeps_doubt(database, hold)?);
    let values = params![hold.row, hold.fence, hold.node, now, wait, keeps_doubt];
    database.prepare_cached(update)?.query_row(values, |row| row.get(0)).optional()
}

/// What was erased meanwhile cannot be sent again.
fn again(
    database: &Connection,
    now: UnixTime,
    hold: &Hold,
    due: UnixTime,
    counted: bool,
    possible_duplicate: bool,
) -> rusqlite::Result<Option<State>> {
    let update = "update envelope set state = iif(?8, 3, iif(erased, 8, 0)), replayed = ?8,
         settled_at = iif(?8 or erased, ?4, null), due = ?5, attempts = attempts + ?6, owner = ?3,
         possible_duplicate = max(possible_duplicate, ?7)
         where id = ?1 and fence = ?2 and (owner = ?3 and state in (1, 2) or state = 3) returning state";
    let keeps_doubt = keeps_doubt(database, hold)?;
    let values = params![hold.row, hold.fence, hold.node, now, due, counted, possible_duplicate, keeps_doubt];
    database.prepare_cached(update)?.query_row(values, |row| row.get(0)).optional()
}

fn unknown(database: &Connection, now: UnixTime, hold: &Hold, due: UnixTime) -> rusqlite::Result<Option<State>> {
    let update = "update envelope set state = 3, settled_at = ?4, due = ?5, owner = ?3
         where id = ?1 and fence = ?2 and (owner = ?3 and state = 2 or state = 3) returning state";
    let values = params![hold.row, hold.fence, hold.node, now, due];
    database.prepare_cached(update)?.query_row(values, |row| row.get(0)).optional()
}

/// Answers an end that comes again because its first answer was lost. The owner stays when a row is ended: with the
/// fence and the state it tells that this claim has brought it there.
fn repeated(database: &Connection, hold: &Hold, ended: &Ended) -> rusqlite::Result<Option<State>> {
    let to = match ended {
        Ended::Accepted { .. } => State::Accepted,
        Ended::Refused { .. } => State::Refused,
        Ended::Again { .. } | Ended::Lost { .. } => State::Queued,
        Ended::Unknown { .. } => State::Unknown,
    };
    // A row is lost before its first hand-over alone: it is queued or parked.
    let mut select = database.prepare_cached(
        "select state from envelope where id = ?1 and fence = ?2 and owner = ?3 and iif(?5, state in (0, 4),
         state = iif(replayed and ?4 <> 5, 3, iif(erased and ?4 = 0, 8, ?4)))",
    )?;
    let is_lost = matches!(ended, Ended::Lost { .. });
    select.query_row(params![hold.row, hold.fence, hold.node, to, is_lost], |row| row.get(0)).optional()
}

/// Writes each verdict beside its mark. A hand-over that there was none of has no mark.
pub(super) fn record(database: &Connection, now: UnixTime, hold: &Hold, verdicts: &[Verdict]) -> rusqlite::Result<()> {
    for verdict in verdicts {
        if verdict.took.is_none() {
            attempts::begin(database, now, hold, &verdict.upstream)?;
        }
        attempts::finish(database, hold, verdict)?;
    }
    attempts::record_recipients(database, hold.row, verdicts)
}

/// Takes rows for a second hand-over to the same upstream.
pub(super) fn replay(
    database: &Connection,
    now: UnixTime,
    node: NodeId,
    number: Uuid,
    upstream: &str,
    bound: Bound,
) -> rusqlite::Result<Vec<Hold>> {
    if super::operators::is_paused(database)? {
        return Ok(Vec::new());
    }
    nodes::seen(database, now, node)?;
    let mut update = database.prepare_cached(
        "update envelope set state = 2, fence = fence + 1, owner = ?1, claim = ?2, marked_at = ?3, replayed = 1,
         settled_at = null where id = ?4 and state = 3 returning fence",
    )?;
    let hold = |row: RowId| {
        let values = params![node, number.as_bytes(), now, row];
        update.query_row(values, |found| Ok(Hold { row, fence: found.get::<_, Fence>(0)?, node }))
    };
    let holds: Result<Vec<_>, _> = to_replay(database, now, upstream, bound)?.into_iter().map(hold).collect();
    let holds = holds?;
    holds.iter().try_for_each(|hold| attempts::begin(database, now, hold, upstream))?;
    history::raise(database, holds.len())?;
    Ok(holds)
}

/// The oldest that fit; one of whose replay a node has died is alone, and so is passed while it is not the oldest.
fn to_replay(database: &Connection, now: UnixTime, upstream: &str, bound: Bound) -> rusqlite::Result<Vec<RowId>> {
    let mut select = database.prepare_cached(
        "select e.id, (select size from submission s where s.id = e.id), losses > 0 from envelope e
         where state = 3 and upstream = ?1 and due <= ?2 and replay_until > ?2 and expires_at > ?2 and erased = 0
         order by due, id limit ?3",
    )?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs(), row.get(2)?));
    let rows = select.query_map(params![upstream, now, signed(bound.rows as u64)], row)?;
    let mut rows: Vec<(RowId, u64, bool)> = rows.collect::<Result<_, _>>()?;
    match rows.first() {
        Some((_, _, true)) => rows.truncate(1),
        _ => rows.retain(|(_, _, was_lost)| !was_lost),
    }
    let mut left = Left::of(bound);
    Ok(rows.into_iter().take_while(|(_, size, _)| left.take(*size)).map(|(row, _, _)| row).collect())
}

//! Claims due rows: looks at the head of each queue, chooses, and takes what was chosen.
//!
//! A queue is what waits for one set of upstreams in one lane for one caller. Each is read through the index from its head,
//! so a claim costs as many steps as there are queues, however many rows wait in them. The more queues there are, the less of
//! each is looked at.
//!
//! The messages are read later, once the claim is on the disk: a message that the process dies of counts as a loss.

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use tracing::error;
use uuid::Uuid;

use super::choose::{Candidate, choose};
use super::columns::signed;
use super::{content, names, nodes};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Claimed, Fence, Hold, Lane, NodeId, RouteSet, RowId, SealedContent, Wanted};

/// So many rows are looked at for each one that is wanted, over all queues; where that is not enough, more.
const SHARES: usize = 4;

/// One end of a queue.
#[derive(Clone, Copy)]
struct End {
    order: &'static str,
    newest: bool,
}

const OLDEST: End = End { order: "due, id", newest: false };
const NEWEST: End = End { order: "due desc, id desc", newest: true };

pub(super) const LOST: &str = "select id, route_set, caller from envelope
     where state = 0 and losses > 0 and due <= ?1 and expires_at > ?1 order by due, id";

/// One queue, and when its first row is due.
#[derive(Clone, Copy)]
struct Head {
    route_set: i64,
    lane: Lane,
    caller: i64,
    due: UnixTime,
}

pub(super) fn claim(
    database: &Connection,
    now: UnixTime,
    node: NodeId,
    number: Uuid,
    wanted: &Wanted,
) -> rusqlite::Result<Vec<Hold>> {
    if super::operators::is_paused(database)? {
        return Ok(Vec::new());
    }
    nodes::seen(database, now, node)?;
    let chosen = match lost(database, now, wanted)? {
        Some(row) => vec![row],
        None => choose(wanted, candidates(database, now, wanted)?),
    };
    let mut take = database.prepare_cached(
        "update envelope set state = 1, fence = fence + 1, owner = ?2, claim = ?4
         where id = ?1 and state = 0 and due <= ?3 and expires_at > ?3 returning fence",
    )?;
    let mut holds = Vec::new();
    for row in chosen {
        let fence: Option<Fence> =
            take.query_row(params![row, node, now, number.as_bytes()], |row| row.get(0)).optional()?;
        if let Some(fence) = fence {
            holds.push(Hold { row, fence, node });
        }
    }
    Ok(holds)
}

/// The oldest row that was lost before, if it may be claimed.
fn lost(database: &Connection, now: UnixTime, wanted: &Wanted) -> rusqlite::Result<Option<RowId>> {
    if !wanted.lost || wanted.of_caller == 0 {
        return Ok(None);
    }
    let sets = names::route_sets(database, &wanted.sets)?;
    let without = without(database, wanted)?;
    let mut select = database.prepare_cached(LOST)?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    for row in select.query_map([now], row)? {
        let (row, set, caller): (RowId, i64, i64) = row?;
        if sets.contains(&set) && !without.contains(&Some(caller)) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// What is known of the callers that are to have nothing.
fn without(database: &Connection, wanted: &Wanted) -> rusqlite::Result<Vec<Option<i64>>> {
    wanted.without.iter().map(|caller| names::known_caller(database, caller.as_str())).collect()
}

/// The rows at the head and at the end of each queue that may be claimed from.
pub(super) fn candidates(database: &Connection, now: UnixTime, wanted: &Wanted) -> rusqlite::Result<Vec<Candidate>> {
    let without = without(database, wanted)?;
    let mut heads = heads(database, &wanted.sets)?;
    heads.retain(|head| head.due <= now && !without.contains(&Some(head.caller)));
    let mut found = Vec::new();
    for lane in Lane::ALL {
        let queues: Vec<_> = heads.iter().filter(|head| head.lane == lane).copied().collect();
        let rows = wanted.of_lane[lane as usize];
        let (most, newest) = (rows.min(wanted.of_caller), rows * wanted.newest_of_four.min(4) / 4);
        let share = most.min(SHARES * rows / queues.len().max(1) + 1);
        let mut oldest = of_queues(database, now, &queues, share, OLDEST)?;
        if oldest.len() < rows && share < most {
            oldest = of_queues(database, now, &queues, most, OLDEST)?;
        }
        found.extend(oldest);
        if newest > 0 {
            found.extend(of_queues(database, now, &queues, share, NEWEST)?);
        }
    }
    Ok(found)
}

/// So many rows of each of these queues, from one end.
fn of_queues(
    database: &Connection,
    now: UnixTime,
    queues: &[Head],
    most: usize,
    end: End,
) -> rusqlite::Result<Vec<Candidate>> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let each: Result<Vec<_>, _> = queues.iter().map(|head| of_queue(database, now, *head, most, end)).collect();
    Ok(each?.concat())
}

fn of_queue(
    database: &Connection,
    now: UnixTime,
    head: Head,
    most: usize,
    End { order, newest }: End,
) -> rusqlite::Result<Vec<Candidate>> {
    let sql = format!(
        "select id, due, (select size from submission s where s.id = e.id) from envelope e
         where state = 0 and route_set = ?1 and lane = ?2 and caller = ?3 and due <= ?4 and expires_at > ?4 and losses = 0
         order by {order} limit ?5"
    );
    let mut select = database.prepare_cached(&sql)?;
    let Head { route_set, lane, caller, .. } = head;
    let candidate = |row: &rusqlite::Row<'_>| {
        let size: i64 = row.get(2)?;
        Ok(Candidate { row: row.get(0)?, due: row.get(1)?, size: size.unsigned_abs(), lane, caller, newest })
    };
    select.query_map(params![route_set, lane, caller, now, signed(most as u64)], candidate)?.collect()
}

/// The queues of these sets. Lane by lane: SQLite would walk through every row of a queue to find the next one by
/// `(lane, caller) > (?, ?)`.
fn heads(database: &Connection, sets: &[RouteSet]) -> rusqlite::Result<Vec<Head>> {
    let mut next = database.prepare_cached(
        "select caller, due from envelope where state = 0 and route_set = ?1 and lane = ?2 and caller > ?3
         order by caller, due limit 1",
    )?;
    let mut heads = Vec::new();
    for route_set in names::route_sets(database, sets)? {
        for lane in Lane::ALL {
            let mut last = -1;
            let head = |row: &rusqlite::Row<'_>| Ok(Head { route_set, lane, caller: row.get(0)?, due: row.get(1)? });
            while let Some(found) = next.query_row(params![route_set, lane, last], head).optional()? {
                last = found.caller;
                heads.push(found);
            }
        }
    }
    Ok(heads)
}

/// The rows that are still held, with their messages.
pub(super) fn in_hand(database: &Connection, holds: &[Hold]) -> rusqlite::Result<Vec<Claimed>> {
    holds.iter().filter_map(|hold| read(database, *hold).transpose()).collect()
}

fn read(database: &Connection, hold: Hold) -> rusqlite::Result<Option<Claimed>> {
    let mut select = database.prepare_cached(
        "select uuid, name, idem, lane, names, accepted_at, e.expires_at, attempts, possible_duplicate, losses > 0
         from envelope e join submission s on s.id = e.id join caller c on c.id = e.caller
         join route_set r on r.id = e.route_set where e.id = ?1 and e.fence = ?2 and e.owner = ?3 and e.state in (1, 2)",
    )?;
    let claimed = |row: &rusqlite::Row<'_>| {
        let (caller, names): (String, String) = (row.get(1)?, row.get(4)?);
        Ok(Claimed {
            hold,
            id: row.get(0)?,
            caller: caller.as_str().into(),
            key: row.get(2)?,
            lane: row.get(3)?,
            route_set: RouteSet::new(names.split(',')),
            accepted_at: row.get(5)?,
            expires_at: row.get(6)?,
            attempts: row.get(7)?,
            possible_duplicate: row.get(8)?,
            was_lost: row.get(9)?,
            content: if_it_fits(content::read(database, hold.row))?,
        })
    };
    select.query_row(params![hold.row, hold.fence, hold.node], claimed).optional()
}

/// Without the memory for its content a row counts as one that cannot be opened, which is parked at the third time. It would
/// hold up all rows that are claimed with it.
pub(super) fn if_it_fits(content: rusqlite::Result<Option<SealedContent>>) -> rusqlite::Result<Option<SealedContent>> {
    match content {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OutOfMemory) => {
            error!("there is no memory for the content of a mail of the outbox");
            Ok(None)
        }
        content => content,
    }
}

/// Gives rows back that were not marked.
pub(super) fn give_back(database: &Connection, holds: &[Hold]) -> rusqlite::Result<usize> {
    let mut give = database.prepare_cached(
        "update envelope set state = 0, owner = null where id = ?1 and fence = ?2 and owner = ?3 and state = 1",
    )?;
    let given: Result<Vec<_>, _> =
        holds.iter().map(|hold| give.execute(params![hold.row, hold.fence, hold.node])).collect();
    Ok(given?.into_iter().sum())
}

#[cfg(test)]
mod tests {
    use rusqlite::Error;
    use rusqlite::ffi::{self, SQLITE_IOERR, SQLITE_NOMEM};

    use super::*;

    #[test]
    fn a_content_without_memory_for_it_is_none_and_any_other_error_is_one() {
        let read = |code| if_it_fits(Err(Error::SqliteFailure(ffi::Error::new(code), None)));
        assert!(matches!(read(SQLITE_NOMEM), Ok(None)));
        assert!(read(SQLITE_IOERR).is_err());
    }
}

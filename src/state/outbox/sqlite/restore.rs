//! An older copy that people accept: what waited in it is parked, and released by them.

use rusqlite::{Connection, params};

use super::columns::signed;
use super::remembering::Remembering;
use super::{history, parts};
use crate::runtime::millis::millis;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Release, Released, Restored, RowId, State};

/// Queued or claimed rows are parked, marked ones are `unknown`, and no `unknown` one is replayed. Each that had not ended,
/// those that were parked before too, may have been sent after the copy was made.
const PARK: &str =
    "update envelope set state = iif(state in (2, 3), 3, 4), owner = null, replay_until = null, possible_duplicate = 1,
     settled_at = iif(state = 2, ?1, settled_at)
     where id in (select id from envelope where id <= ?2 and split <> 1 and (state in (0, 1, 2) or state in (3, 4)
                  and (replay_until is not null and state = 3 or possible_duplicate = 0)) order by id limit ?3)
     returning state";

/// Parks at most `limit` rows; the last call begins a new epoch.
pub(super) fn accept(
    database: &Connection,
    now: UnixTime,
    memory: &Remembering,
    limit: usize,
) -> rusqlite::Result<Restored> {
    let last = history::last_row(database)?;
    let mut park = database.prepare_cached(PARK)?;
    let states = park.query_map(params![now, last, signed(limit as u64)], |row| row.get(0))?;
    let mut states: Vec<State> = states.collect::<Result<_, _>>()?;
    let (parts, mails) = parts::park(database, now, last, limit.saturating_sub(states.len()))?;
    let done = states.len() + parts;
    states.extend(mails);
    let parked = states.iter().filter(|state| **state == State::Parked).count() as u64;
    let restored = Restored { parked, unknown: states.len() as u64 - parked, more: done >= limit };
    if !restored.more {
        history::begin_epoch(database, memory)?;
    }
    Ok(restored)
}

/// A row that was lost three times has a fault of its own: it stays, for [`super::operators::order`].
pub(super) const MEANT: &str = "select e.id from envelope e
     cross join submission s on s.id = e.id cross join caller c on c.id = e.caller
     where state = 4 and losses < 3 and content_key is not null and e.expires_at > ?1
     and (?2 is null or name = ?2) and (?3 is null or lower(from_domain) = ?3)
     and listed_at >= coalesce(?4, 0) and listed_at < coalesce(?5, 9e18) order by listed_at, e.id limit ?6";

/// The rows become due one after the other; one that would expire before its turn is due at once.
pub(super) fn release(database: &Connection, now: UnixTime, release: &Release) -> rusqlite::Result<Released> {
    let Release { caller, from_domain, accepted_from, accepted_before, over, limit } = release;
    let caller = caller.as_ref().map(|caller| caller.as_str());
    let one_more = signed(*limit as u64).saturating_add(1);
    let filter = params![now, caller, from_domain, accepted_from, accepted_before, one_more];
    let meant: Result<Vec<RowId>, _> = database.prepare_cached(MEANT)?.query_map(filter, |row| row.get(0))?.collect();
    let meant = meant?;
    let rows = meant.len().min(*limit);
    let over = millis(*over);
    let mut update = database.prepare_cached(
        "update envelope set state = 0, possible_duplicate = 1, due = iif(?2 < expires_at, ?2, ?3)
         where id = ?1 and state = 4",
    )?;
    for (place, row) in (0..).zip(&meant[..rows]) {
        let wait = u128::from(over) * place / rows as u128;
        let turn = now.0.saturating_add(wait.try_into().unwrap_or(i64::MAX));
        update.execute(params![row, turn, now])?;
    }
    let of_parts = parts::release_parked(database, now, release, limit - rows)?;
    let more = meant.len() > rows || of_parts.more;
    Ok(Released { released: rows as u64 + of_parts.released, more })
}

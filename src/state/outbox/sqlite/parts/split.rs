//! Splits a mail in hand.

use rusqlite::{Connection, params};

use super::super::{attempts, hand_over};
use super::{domains, whole};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::parts::{UPSTREAM, written_places};
use crate::state::outbox::{Hold, NewPart, Split};

/// May this row be split? Its parts are made in the same transaction.
pub(super) fn split(database: &Connection, now: UnixTime, hold: &Hold, split: &Split) -> rusqlite::Result<bool> {
    let Hold { row, fence, node } = hold;
    let was_split = "select 1 from envelope where id = ?1 and fence = ?2 and split = 1";
    if database.prepare_cached(was_split)?.exists(params![row, fence])? {
        return Ok(true);
    }
    let update =
        "update envelope set state = 3, split = 1, shown = 0, upstream = ?4, replay_until = null, owner = null, settled_at = null
         where id = ?1 and fence = ?2 and owner = ?3 and state in (1, 2)
         and expires_at > ?5 and erased = 0 and replayed = 0";
    let values = params![row, fence, node, UPSTREAM, now];
    if !split.is_sound() || database.prepare_cached(update)?.execute(values)? == 0 {
        return Ok(false);
    }
    hand_over::record(database, now, hold, &split.verdicts)?;
    attempts::forget_open(database, hold)?;
    split.parts.iter().try_for_each(|part| insert(database, now, hold, part))?;
    whole::refresh(database, now, *row)?;
    Ok(true)
}

fn insert(database: &Connection, now: UnixTime, hold: &Hold, part: &NewPart) -> rusqlite::Result<()> {
    let insert = "insert into part (envelope, domain, places, lane, accepted_at, due, expires_at, possible_duplicate)
         select e.id, ?2, ?3, lane, s.accepted_at, ?4, e.expires_at, possible_duplicate
         from envelope e join submission s on s.id = e.id where e.id = ?1";
    let values = params![hold.row, part.domain.0, written_places(&part.places), now];
    database.prepare_cached(insert)?.execute(values)?;
    domains::wake(database, &part.domain, now)
}

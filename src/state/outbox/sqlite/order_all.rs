//! One order on all rows that operators mean, step by step.

use rusqlite::{Connection, params};

use super::change::cancel_row;
use super::operators::{not_taken, retry, taken};
use super::{audit, select};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::bound::Left;
use crate::state::outbox::{Bound, Order, OrderAll, OrderedAll, RowId, State, Walked};

/// Rows that a step looks at, of which it changes as many as its bound allows.
const LOOKED_AT: usize = 1000;

/// Why a row stays as it is: its content is gone, else its time is over. With what would be dropped of it.
const ROW: &str = "select content_key is null, iif(content_key is null, 0, size) from submission where id = ?1";

/// Orders are kept with the first step. A row changes only in the state that the selection names.
pub(super) fn step(database: &Connection, now: UnixTime, all: &OrderAll, bound: Bound) -> rusqlite::Result<OrderedAll> {
    if let Some(note) = &all.note {
        audit::write(database, now, note)?;
    }
    let mut done = OrderedAll::default();
    let leg = select::leg(database, &all.selection, all.after.as_ref(), LOOKED_AT)?;
    let Some((leg, _)) = leg.zip(all.state()) else { return Ok(done) };
    let (mut left, mut last) = (Left::of(bound), leg.after);
    for place in leg.places {
        if select::fits(database, &all.selection, place.row)? {
            if done.met() >= all.left() {
                return Ok(done);
            }
            let (content_is_gone, held) = content(database, place.row)?;
            if !left.take(held) {
                return Ok(OrderedAll { next: Some(Walked { caller: leg.caller, place: last }), ..done });
            }
            match change(database, now, all, (place.row, all.wait(done.met())))? {
                Some(state) => done.count(state, 1),
                None if content_is_gone => done.content_gone += 1,
                None => done.over += 1,
            }
        }
        last = place;
    }
    Ok(OrderedAll { next: leg.next, ..done })
}

/// The state of the row by now; none: the order does not change it.
fn change(
    database: &Connection,
    now: UnixTime,
    all: &OrderAll,
    (row, wait): (RowId, i64),
) -> rusqlite::Result<Option<State>> {
    let due = UnixTime(now.0.saturating_add(wait));
    match all.order {
        Order::Retry => retry(database, now, row, due),
        Order::SettleAsNone => not_taken(database, now, row, due),
        Order::SettleAsAccepted => taken(database, now, row),
        Order::Cancel => cancel_row(database, now, row),
    }
}

fn content(database: &Connection, row: RowId) -> rusqlite::Result<(bool, u64)> {
    let columns = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()));
    database.prepare_cached(ROW)?.query_row(params![row], columns)
}

//! Erases all to a recipient, step by step.

use rusqlite::{Connection, params};

use super::change::cancel_row;
use super::columns::signed;
use super::parts;
use super::{audit, content};
use crate::model::caller::BOUNCES;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::bound::Left;
use crate::state::outbox::{Bound, Erased, Erasing, Hmac, RowId, State};

/// What a step has erased has no address any more, so the next one does not meet it. One that is under way goes no further
/// than to the upstream that it is at.
pub(super) fn erase_recipient(
    database: &Connection,
    now: UnixTime,
    hmacs: &[Hmac],
    step: &Erasing,
    bound: Bound,
) -> rusqlite::Result<Erased> {
    let last = match step {
        Erasing::Next(last) => *last,
        Erasing::First(note) => {
            audit::write(database, now, note)?;
            database.query_row("select coalesce(max(id), 0) from submission", [], |row| row.get(0))?
        }
    };
    let (mut left, mut erased) = (Left::of(bound), Erased::default());
    for hmac in hmacs {
        for (row, held) in to(database, hmac, last, left.rows())? {
            if !left.take(held) {
                return Ok(Erased { next: Some(last), ..erased });
            }
            let ended = if parts::is_split(database, row)? {
                parts::cancel(database, now, row, true)?
            } else {
                cancel_row(database, now, row)?
            };
            erased.cancelled += usize::from(ended == Some(State::Cancelled));
            erased.accepted += usize::from(ended == Some(State::Accepted));
            content::erase(database, row)?;
            erased.rows += 1;
        }
    }
    Ok(Erased { next: left.is_spent().then_some(last), ..erased })
}

/// Rows to a recipient, and the bytes of content that they have. Mail that comes in while the order is carried out is not meant;
/// a bounce is, because it tells of mail that is.
fn to(database: &Connection, hmac: &Hmac, last: RowId, limit: usize) -> rusqlite::Result<Vec<(RowId, u64)>> {
    let mut select = database.prepare_cached(
        "select submission, iif(content_key is null, 0, size) from address a join submission s on s.id = a.submission
         where hmac = ?1 and (submission <= ?2 or s.caller = (select id from caller where name = ?4)) order by submission limit ?3",
    )?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()));
    select.query_map(params![hmac.0, last, signed(limit as u64), BOUNCES], row)?.collect()
}

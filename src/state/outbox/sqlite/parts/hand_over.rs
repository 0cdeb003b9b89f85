//! The mark before a hand-over of a part, and the record of the hand-over beside it.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::history;
use super::whole;
use crate::runtime::millis::millis;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::parts::{Group, came_to};
use crate::state::outbox::{Fence, PartEnded, PartHold, PartId, RowId};

/// May this part be handed over?
pub(super) fn mark(database: &Connection, now: UnixTime, hold: &PartHold) -> rusqlite::Result<bool> {
    let PartHold { part, fence, node } = hold;
    let update = "update part set state = 2 where id = ?1 and fence = ?2 and owner = ?3 and state in (1, 2)
         and expires_at > ?4 and (select erased from envelope e where e.id = part.envelope) = 0 returning envelope";
    let marked: Option<RowId> =
        database.prepare_cached(update)?.query_row(params![part, fence, node, now], |row| row.get(0)).optional()?;
    let Some(envelope) = marked else { return Ok(false) };
    let begin =
        "insert into part_attempt (part, fence, at) values (?1, ?2, ?3) on conflict do update set at = excluded.at";
    database.prepare_cached(begin)?.execute(params![part, fence, now])?;
    history::raise(database, 1)?;
    whole::refresh(database, now, envelope)?;
    Ok(true)
}

/// Writes what a hand-over came to beside its mark. A hand-over that there was none of has no mark. `late`: its claim had
/// ended before.
pub(super) fn record(
    database: &Connection,
    now: UnixTime,
    hold: &PartHold,
    ended: &PartEnded,
    groups: &[Group],
    late: bool,
) -> rusqlite::Result<()> {
    let PartEnded::Told { took, .. } = ended else { return Ok(()) };
    if took.is_none() {
        let begin = "insert into part_attempt (part, fence, at) values (?1, ?2, ?3) on conflict do nothing";
        database.prepare_cached(begin)?.execute(params![hold.part, hold.fence, now])?;
    }
    let (outcome, verdict) = came_to(groups);
    let (reason, code) = (verdict.map(|verdict| &*verdict.reason), verdict.and_then(|verdict| verdict.code.as_deref()));
    let took = took.map(|took| millis(took).cast_signed());
    let update = "update part_attempt set took = ?3, outcome = ?4, reason = ?5, code = ?6, late = ?7
         where part = ?1 and fence = ?2";
    let values = params![hold.part, hold.fence, took, outcome.as_str(), reason, code, late];
    database.prepare_cached(update)?.execute(values).map(drop)
}

/// Is nothing known of the end of a hand-over under this fence, so that a late verdict settles it? None: there was none.
pub(super) fn is_open(database: &Connection, hold: &PartHold) -> rusqlite::Result<Option<bool>> {
    let select = "select outcome is null or outcome = 'unknown' from part_attempt where part = ?1 and fence = ?2";
    database.prepare_cached(select)?.query_row(params![hold.part, hold.fence], |row| row.get(0)).optional()
}

/// Is a hand-over of this part in doubt, or was taken, other than that under this fence?
pub(super) fn has_other(database: &Connection, part: PartId, fence: Option<Fence>) -> rusqlite::Result<bool> {
    let select = "select 1 from part_attempt where part = ?1 and fence is not ?2
         and (outcome is null or outcome in ('unknown', 'accepted'))";
    database.prepare_cached(select)?.exists(params![part, fence])
}

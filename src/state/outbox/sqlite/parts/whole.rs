//! The submission, brought where its parts are.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::super::content::drop_content;
use super::row::Part;
use crate::runtime::millis::millis;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::bounces::{COLLECTING, PARTS_OF_AGE};
use crate::state::outbox::parts::{rests, whole};
use crate::state::outbox::{PartId, RowId, State};

/// Shows what the parts of a mail have come to; once each has ended, they have ended it. The state of the mail by now.
///
/// While something of it waits or is in hand, it has no time from which it is kept: no sweep drops it, not even that of a
/// program that knows of no parts. A bounce becomes due as [`crate::state::outbox::bounces`] says.
pub(super) fn refresh(database: &Connection, now: UnixTime, envelope: RowId) -> rusqlite::Result<State> {
    refresh_one(database, now, envelope, None)
}

/// Shows what the parts of these mails have come to, as [`refresh`] does; of a mail that is named more than once they are read
/// once.
pub(super) fn refresh_all(
    database: &Connection,
    now: UnixTime,
    envelopes: impl Iterator<Item = RowId>,
) -> rusqlite::Result<BTreeMap<RowId, State>> {
    let envelopes: BTreeSet<_> = envelopes.collect();
    envelopes.into_iter().map(|envelope| Ok((envelope, refresh(database, now, envelope)?))).collect()
}

/// The state of a mail by now, of which this part has come to an end.
pub(super) fn refresh_by(database: &Connection, now: UnixTime, part: &Part) -> rusqlite::Result<State> {
    refresh_one(database, now, part.envelope, Some(part.id))
}

/// What a repeat of the end of this part hears: that the mail has ended, if this end has brought it about. Who tells of the
/// end of a mail tells of it once. That others were on their way then is all that is known of another one.
pub(super) fn told_again(database: &Connection, part: &Part) -> rusqlite::Result<State> {
    let told = "select iif(split = 2 and ended_by is not ?2, 2, coalesce(shown, state)) from envelope where id = ?1";
    database.prepare_cached(told)?.query_row(params![part.envelope, part.id], |row| row.get(0))
}

fn refresh_one(database: &Connection, now: UnixTime, envelope: RowId, by: Option<PartId>) -> rusqlite::Result<State> {
    let mut select = database.prepare_cached(
        "select state, state in (6, 7) and bounced = 0 and possible_duplicate = 0 from part where envelope = ?1",
    )?;
    let parts = select.query_map([envelope], |row| Ok((row.get::<_, State>(0)?, row.get::<_, bool>(1)?)))?;
    let (states, failed): (Vec<State>, Vec<bool>) = parts.collect::<Result<_, _>>()?;
    let has_failed = failed.contains(&true);
    let mut taken = database.prepare_cached("select has_taken_some from envelope where id = ?1")?;
    let state = whole(&states, taken.query_row([envelope], |row| row.get(0))?);
    if state.is_final() {
        let end = "update envelope set state = ?2, split = 2, shown = null, settled_at = ?3, ended_by = ?4,
             bounce_due = iif(?5 and bounces and erased = 0, ?3, null),
             possible_duplicate = max(possible_duplicate, (select max(possible_duplicate) from part where envelope = ?1))
             where id = ?1 and split = 1";
        database.prepare_cached(end)?.execute(params![envelope, state, now, by, has_failed])?;
        drop_content(database, envelope)?;
        return Ok(state);
    }
    let show = "update envelope set shown = ?2, settled_at = iif(?3, coalesce(settled_at, ?4), null),
         bounce_due = case when not (?5 and bounces and erased = 0) then null
            when ?3 and (bounce_due is null or settled_at is null) then ?4
            else coalesce(bounce_due, ?4 + max(?6, coalesce((?4 - wanted_at) / ?7, 0))) end,
         possible_duplicate = max(possible_duplicate, (select max(possible_duplicate) from part where envelope = ?1))
         where id = ?1 and split = 1";
    let collecting = millis(COLLECTING).cast_signed();
    let values = params![envelope, state, rests(&states), now, has_failed, collecting, PARTS_OF_AGE];
    database.prepare_cached(show)?.execute(values)?;
    Ok(state)
}

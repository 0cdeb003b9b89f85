//! Parts that nobody holds any more, those whose time is over, and those of an older copy.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use super::super::columns::signed;
use super::super::names;
use super::{domains, whole};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::bound::Left;
use crate::state::outbox::{Bound, Buried, Hmac, NamedMail, NodeId, PartId, RowId, State};
use crate::state::store::Times;

/// A part that has changed: which mail it is of, where it is, and when it is due.
struct Changed {
    envelope: RowId,
    domain: Hmac,
    state: State,
    due: UnixTime,
}

/// Goes with [`changed`].
const RETURNING: &str = "returning envelope, domain, state, due";

fn changed(row: &Row<'_>) -> rusqlite::Result<Changed> {
    Ok(Changed { envelope: row.get(0)?, domain: Hmac(row.get(1)?), state: row.get(2)?, due: row.get(3)? })
}

/// Brings the mails where their parts are, each once, and has the domains looked at. The state of each mail.
fn follow(database: &Connection, now: UnixTime, parts: &[Changed]) -> rusqlite::Result<BTreeMap<RowId, State>> {
    for part in parts.iter().filter(|part| part.state == State::Queued) {
        domains::wake(database, &part.domain, part.due)?;
    }
    whole::refresh_all(database, now, parts.iter().map(|part| part.envelope))
}

/// Frees what claims under these numbers hold, whose answers were lost: no server can have it.
pub(in super::super) fn release(
    database: &Connection,
    now: UnixTime,
    node: NodeId,
    numbers: &[Uuid],
) -> rusqlite::Result<()> {
    let free = format!(
        "update part set state = 0, owner = null where state in (1, 2) and owner = ?1 and claim = ?2 {RETURNING}"
    );
    for number in numbers {
        let attempts = "delete from part_attempt where (part, fence) in
             (select id, fence from part where state in (1, 2) and owner = ?1 and claim = ?2)";
        database.prepare_cached(attempts)?.execute(params![node, number.as_bytes()])?;
        let mut free = database.prepare_cached(&free)?;
        let parts: Vec<_> = free.query_map(params![node, number.as_bytes()], changed)?.collect::<Result<_, _>>()?;
        follow(database, now, &parts)?;
    }
    Ok(())
}

/// Ends what dead nodes have held. One that was marked may be with its server. A mail is named for each part.
pub(in super::super) fn bury(
    database: &Connection,
    now: UnixTime,
    own: NodeId,
    max_losses: u32,
    buried: &mut Buried,
) -> rusqlite::Result<()> {
    let end = format!(
        "update part set state = iif(state = 2, 3, iif(losses + 1 >= ?1, 4, 0)), losses = losses + (state = 1), owner = null
         where state in (1, 2) and owner <> ?2 and owner not in (select id from node) {RETURNING}"
    );
    let mut end = database.prepare_cached(&end)?;
    let parts: Vec<_> = end.query_map(params![max_losses, own], changed)?.collect::<Result<_, _>>()?;
    follow(database, now, &parts)?;
    for part in parts {
        match part.state {
            State::Queued => buried.queued += 1,
            State::Parked => buried.parked += 1,
            _ => buried.unknown += 1,
        }
        if part.state != State::Queued {
            buried.mails.push(names::of_row(database, part.envelope, part.state)?);
        }
    }
    Ok(())
}

/// Parts whose time is over, as many as a step may end: the bytes of the content that goes with the last part of a mail count
/// once. And whether there may be more.
fn overdue(database: &Connection, over: UnixTime, bound: Bound) -> rusqlite::Result<(Vec<PartId>, bool)> {
    let mut select = database.prepare_cached(
        "select p.id, p.envelope, iif(content_key is null, 0, size) from part p join submission s on s.id = p.envelope
         where state in (0, 4) and p.expires_at <= ?1 order by p.expires_at, p.id limit ?2",
    )?;
    let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, RowId>(1)?, row.get::<_, i64>(2)?.unsigned_abs()));
    let (mut left, mut parts, mut mails) = (Left::of(bound), Vec::new(), BTreeSet::new());
    for found in select.query_map(params![over, signed(bound.rows as u64)], columns)? {
        let (part, mail, bytes) = found?;
        if !left.take(if mails.insert(mail) { bytes } else { 0 }) {
            return Ok((parts, true));
        }
        parts.push(part);
    }
    Ok((parts, left.is_spent()))
}

/// Ends parts whose time is over, as many as a step may. The mails that they were the last ones of, and whether there may be
/// more.
pub(in super::super) fn expire(
    database: &Connection,
    Times { now, over }: Times,
    bound: Bound,
) -> rusqlite::Result<(Vec<NamedMail>, bool)> {
    let (parts, more) = overdue(database, over, bound)?;
    let mut expire = database.prepare_cached(&format!("update part set state = 7 where id = ?1 {RETURNING}"))?;
    let parts = parts.iter().map(|part| expire.query_row([part], changed)).collect::<rusqlite::Result<Vec<_>>>()?;
    let ended = follow(database, now, &parts)?.into_iter().filter(|(_, state)| state.is_final());
    let mails = ended.map(|(mail, state)| names::of_row(database, mail, state)).collect::<rusqlite::Result<_>>()?;
    Ok((mails, more))
}

/// By itself SQLite takes the index of all mail in parts, and sorts it.
pub(in super::super) const ERASED: &str = "select id from envelope indexed by envelope_erased
     where split = 1 and erased and shown in (0, 1, 4) order by id limit ?1";

/// Brings mails where their parts are that a program has erased that knows of no parts. Where those are that this has ended, and
/// whether there may be more.
pub(in super::super) fn follow_erased(
    database: &Connection,
    now: UnixTime,
    limit: usize,
) -> rusqlite::Result<(Vec<State>, bool)> {
    let mut found = database.prepare_cached(ERASED)?;
    let rows = found.query_map([signed(limit as u64)], |row| row.get(0))?.collect::<rusqlite::Result<Vec<RowId>>>()?;
    let states = whole::refresh_all(database, now, rows.iter().copied())?.into_values();
    Ok((states.filter(|state| state.is_final()).collect(), rows.len() >= limit))
}

/// Parks at most so many parts of an older copy; marked ones are `unknown`. How many that were, and where each of their mails
/// is now.
pub(in super::super) fn park(
    database: &Connection,
    now: UnixTime,
    last: RowId,
    limit: usize,
) -> rusqlite::Result<(usize, Vec<State>)> {
    let park = format!(
        "update part set state = iif(state in (2, 3), 3, 4), owner = null, possible_duplicate = 1
         where id in (select id from part where envelope <= ?1 and (state in (0, 1, 2)
            or state in (3, 4) and possible_duplicate = 0) order by id limit ?2) {RETURNING}"
    );
    let mut park = database.prepare_cached(&park)?;
    let parts: Vec<_> = park.query_map(params![last, signed(limit as u64)], changed)?.collect::<Result<_, _>>()?;
    Ok((parts.len(), follow(database, now, &parts)?.into_values().collect()))
}

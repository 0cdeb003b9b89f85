//! Claims due parts: goes from domain to domain, in the order of their turns, and takes of each what the node may have.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::super::columns::signed;
use super::super::{claim, content, operators};
use super::mixed::{Due, mixed};
use super::{domains, row, whole};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::parts::read_places;
use crate::state::outbox::{ClaimedPart, Fence, Hmac, Lane, NodeId, PartHold, PartId, RowId, WantedParts};

/// Domains that a claim looks at, beside one for each part that is wanted.
const DOMAINS: usize = 64;
/// The more domains there are, the fewer parts of each: so many for each one that is wanted, over all domains.
const SHARES: usize = 4;

/// The oldest part that was lost before, of a domain that is not closed.
pub(in super::super) const LOST: &str = "select p.id, p.domain from part p
     where p.state = 0 and p.losses > 0 and p.due <= ?1 and p.expires_at > ?1
     and not exists (select 1 from domain d where d.hmac = p.domain and d.closed_until > ?1) order by p.due, p.id";

/// Due parts of a domain in one lane, in this order.
macro_rules! queue {
    ($order:literal) => {
        concat!(
            "select p.id, p.lane, p.due, (select size from submission s where s.id = p.envelope) from part p
             where p.state = 0 and p.domain = ?1 and p.lane = ?2 and p.due <= ?3 and p.expires_at > ?3 and p.losses = 0
             order by ",
            $order,
            " limit ?4"
        )
    };
}
pub(in super::super) const QUEUE: &str = queue!("p.due, p.id");
pub(in super::super) const NEWEST: &str = queue!("p.due desc, p.id desc");

/// What a claim has so far.
struct Taking<'a> {
    database: &'a Connection,
    now: UnixTime,
    node: NodeId,
    number: Uuid,
    holds: Vec<PartHold>,
    /// The mails of these.
    envelopes: Vec<RowId>,
    bytes: u64,
}

pub(super) fn claim(
    database: &Connection,
    now: UnixTime,
    node: NodeId,
    number: Uuid,
    wanted: &WantedParts,
) -> rusqlite::Result<Vec<PartHold>> {
    if operators::is_paused(database)? || wanted.parts == 0 {
        return Ok(Vec::new());
    }
    let in_hand = in_hand_of(database, node)?;
    let left_of = |domain: &Hmac| wanted.of_domain.saturating_sub(in_hand.get(domain).copied().unwrap_or_default());
    let mut taking = Taking { database, now, node, number, holds: Vec::new(), envelopes: Vec::new(), bytes: 0 };
    if wanted.lost {
        let mut select = database.prepare_cached(LOST)?;
        for found in select.query_map([now], |row| Ok((row.get(0)?, Hmac(row.get(1)?))))? {
            let (part, domain) = found?;
            if left_of(&domain) > 0 {
                taking.take(part, 0)?;
                return taking.end();
            }
        }
    }
    let mut select = database.prepare_cached(domains::TURN)?;
    let looked_at = signed((wanted.parts + DOMAINS) as u64);
    let turns = select.query_map(params![now, looked_at], |row| row.get(0).map(Hmac))?;
    let turns = turns.collect::<Result<Vec<_>, _>>()?;
    let share = SHARES * wanted.parts / turns.len().max(1) + 1;
    for domain in turns {
        // Who was not served keeps its turn.
        if taking.holds.len() >= wanted.parts {
            break;
        }
        let left = left_of(&domain).min(share).min(wanted.parts - taking.holds.len());
        if !taking.domain(&domain, left, wanted)? {
            break;
        }
        domains::pass(database, now, &domain)?;
    }
    taking.end()
}

/// How many parts of each domain a node has in hand.
fn in_hand_of(database: &Connection, node: NodeId) -> rusqlite::Result<HashMap<Hmac, usize>> {
    let mut select = database
        .prepare_cached("select domain, count(*) from part where owner = ?1 and state in (1, 2) group by domain")?;
    let count = |row: &Row<'_>| Ok((Hmac(row.get(0)?), row.get::<_, u32>(1)? as usize));
    select.query_map([node], count)?.collect()
}

impl Taking<'_> {
    /// Takes at most so many parts of a domain. False: there are no bytes left.
    fn domain(&mut self, domain: &Hmac, limit: usize, wanted: &WantedParts) -> rusqlite::Result<bool> {
        let due = if limit == 0 { Vec::new() } else { mixed(&self.due(domain, limit)?, wanted.draw) };
        for Due { part, size, .. } in due.into_iter().take(limit) {
            if !self.holds.is_empty() && self.bytes.saturating_add(size) > wanted.bytes {
                return Ok(false);
            }
            self.take(part, size)?;
        }
        Ok(true)
    }

    /// The heads of the domain's queues, and what is newest in them.
    fn due(&self, domain: &Hmac, limit: usize) -> rusqlite::Result<Vec<Due>> {
        let mut found = Vec::new();
        for (sql, most) in [(QUEUE, limit), (NEWEST, limit / 4 + 1)] {
            let mut select = self.database.prepare_cached(sql)?;
            for lane in Lane::ALL {
                let due = |row: &Row<'_>| {
                    let size = row.get::<_, i64>(3)?.unsigned_abs();
                    Ok(Due { part: row.get(0)?, lane: row.get(1)?, due: row.get(2)?, size })
                };
                for due in select.query_map(params![domain.0, lane, self.now, signed(most as u64)], due)? {
                    found.push(due?);
                }
            }
        }
        Ok(found)
    }

    fn take(&mut self, part: PartId, size: u64) -> rusqlite::Result<()> {
        let take = "update part set state = 1, fence = fence + 1, owner = ?2, claim = ?3 where id = ?1 and state = 0
             returning fence, envelope";
        let values = params![part, self.node, self.number.as_bytes()];
        let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let taken: Option<(Fence, RowId)> =
            self.database.prepare_cached(take)?.query_row(values, columns).optional()?;
        if let Some((fence, envelope)) = taken {
            self.holds.push(row::hold(part, fence, self.node));
            self.envelopes.push(envelope);
            self.bytes = self.bytes.saturating_add(size);
        }
        Ok(())
    }

    /// What was taken, once its mails show it.
    fn end(self) -> rusqlite::Result<Vec<PartHold>> {
        whole::refresh_all(self.database, self.now, self.envelopes.into_iter())?;
        Ok(self.holds)
    }
}

/// The parts that are still held, with their messages.
pub(super) fn in_hand(database: &Connection, holds: &[PartHold]) -> rusqlite::Result<Vec<ClaimedPart>> {
    holds.iter().filter_map(|hold| read(database, *hold).transpose()).collect()
}

fn read(database: &Connection, hold: PartHold) -> rusqlite::Result<Option<ClaimedPart>> {
    let mut select = database.prepare_cached(
        "select uuid, name, p.domain, p.places, p.lane, s.accepted_at, p.expires_at, p.attempts, p.possible_duplicate,
         p.losses > 0, p.envelope from part p join submission s on s.id = p.envelope join caller c on c.id = s.caller
         where p.id = ?1 and p.fence = ?2 and p.owner = ?3 and p.state in (1, 2)",
    )?;
    let claimed = |row: &Row<'_>| {
        let (caller, places): (String, String) = (row.get(1)?, row.get(3)?);
        Ok(ClaimedPart {
            hold,
            id: row.get(0)?,
            caller: caller.as_str().into(),
            domain: Hmac(row.get(2)?),
            places: read_places(&places),
            lane: row.get(4)?,
            accepted_at: row.get(5)?,
            expires_at: row.get(6)?,
            attempts: row.get(7)?,
            possible_duplicate: row.get(8)?,
            was_lost: row.get(9)?,
            content: claim::if_it_fits(content::read(database, row.get(10)?))?,
        })
    };
    select.query_row(params![hold.part, hold.fence, hold.node], claimed).optional()
}

/// Gives parts back that were not marked.
pub(super) fn give_back(
    database: &Connection,
    now: UnixTime,
    holds: &[PartHold],
    due: UnixTime,
) -> rusqlite::Result<usize> {
    let mut give = database.prepare_cached(
        "update part set state = 0, owner = null, due = max(due, ?4) where id = ?1 and fence = ?2 and owner = ?3 and state = 1
         returning envelope, domain, due",
    )?;
    let mut given = Vec::new();
    for hold in holds {
        let columns = |row: &Row<'_>| Ok((row.get(0)?, Hmac(row.get(1)?), row.get(2)?));
        let found = give.query_row(params![hold.part, hold.fence, hold.node, due], columns).optional()?;
        let Some((envelope, domain, due)) = found else { continue };
        domains::wake(database, &domain, due)?;
        given.push(envelope);
    }
    whole::refresh_all(database, now, given.iter().copied())?;
    Ok(given.len())
}

//! Parts that were parked with an older copy, released by operators.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::super::columns::signed;
use super::{domains, whole};
use crate::runtime::millis::millis;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Hmac, PartId, Release, Released, RowId};

/// A part that was lost three times has a fault of its own: it stays, for an order on its mail.
pub(in super::super) const PARKED: &str = "select p.id, p.envelope, p.domain from part p
     cross join submission s on s.id = p.envelope cross join caller c on c.id = s.caller
     where p.state = 4 and p.losses < 3 and content_key is not null and p.expires_at > ?1
     and (?2 is null or name = ?2) and (?3 is null or lower(from_domain) = ?3)
     and s.accepted_at >= coalesce(?4, 0) and s.accepted_at < coalesce(?5, 9e18) order by p.id limit ?6";

/// The parts become due one after the other; one that would expire before its turn is due at once. As many as the order has
/// left; counted are mails.
pub(in super::super) fn release(
    database: &Connection,
    now: UnixTime,
    release: &Release,
    limit: usize,
) -> rusqlite::Result<Released> {
    let Release { caller, from_domain, accepted_from, accepted_before, over, .. } = release;
    let caller = caller.as_ref().map(|caller| caller.as_str());
    let one_more = signed(limit as u64).saturating_add(1);
    let filter = params![now, caller, from_domain, accepted_from, accepted_before, one_more];
    let columns = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, Hmac(row.get(2)?)));
    let mut parked = database.prepare_cached(PARKED)?;
    let meant: Vec<(PartId, RowId, Hmac)> = parked.query_map(filter, columns)?.collect::<Result<_, _>>()?;
    let parts = meant.len().min(limit);
    let mut update = database.prepare_cached(
        "update part set state = 0, possible_duplicate = 1, due = iif(?2 < expires_at, ?2, ?3) where id = ?1 returning due",
    )?;
    let mut mails = BTreeSet::new();
    for (place, (part, mail, domain)) in (0..).zip(&meant[..parts]) {
        let wait = u128::from(millis(*over)) * place / parts as u128;
        let turn = now.0.saturating_add(wait.try_into().unwrap_or(i64::MAX));
        let due = update.query_row(params![part, turn, now], |row| row.get(0))?;
        domains::wake(database, domain, due)?;
        mails.insert(*mail);
    }
    whole::refresh_all(database, now, mails.iter().copied())?;
    Ok(Released { released: mails.len() as u64, more: meant.len() > parts })
}

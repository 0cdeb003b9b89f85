//! Whose turn it is: a claim looks at the domains that have waited longest, not at all of them.

use rusqlite::{Connection, OptionalExtension, params};

use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::Hmac;

/// A part of this domain waits that is due then.
pub(super) fn wake(database: &Connection, domain: &Hmac, due: UnixTime) -> rusqlite::Result<()> {
    let wake = "insert into domain (hmac, turn) values (?1, ?2)
         on conflict do update set turn = max(min(turn, excluded.turn), closed_until)";
    database.prepare_cached(wake)?.execute(params![domain.0, due]).map(drop)
}

/// Nothing of this domain is claimed before then, or longer, if it was closed for longer.
pub(super) fn close(database: &Connection, domain: &Hmac, until: UnixTime) -> rusqlite::Result<()> {
    let close = "insert into domain (hmac, turn, closed_until) values (?1, ?2, ?2) on conflict do update
         set turn = max(closed_until, excluded.closed_until), closed_until = max(closed_until, excluded.closed_until)";
    database.prepare_cached(close)?.execute(params![domain.0, until]).map(drop)
}

/// From now on it is open.
pub(super) fn open(database: &Connection, domain: &Hmac, now: UnixTime) -> rusqlite::Result<()> {
    let open = "insert into domain (hmac, turn) values (?1, ?2)
         on conflict do update set turn = excluded.turn, closed_until = excluded.closed_until";
    database.prepare_cached(open)?.execute(params![domain.0, now]).map(drop)
}

/// Opens a domain that is closed until then at the latest: one that is closed for longer was closed by somebody else.
pub(super) fn reopen(database: &Connection, domain: &Hmac, now: UnixTime, until: UnixTime) -> rusqlite::Result<()> {
    let reopen =
        "update domain set turn = ?2, closed_until = 0 where hmac = ?1 and closed_until > ?2 and closed_until <= ?3";
    database.prepare_cached(reopen)?.execute(params![domain.0, now, until]).map(drop)
}

/// The domains whose turn it is, the one that has waited longest first.
pub(in super::super) const TURN: &str = "select hmac from domain where turn <= ?1 order by turn limit ?2";

/// When the first part of a domain is due that is not claimed alone.
pub(in super::super) const FIRST: &str = "select min(due) from (
    select (select due from part where state = 0 and domain = ?1 and lane = l.lane and losses = 0 and expires_at > ?2
        order by due limit 1) as due from (select 0 as lane union all select 1 union all select 2) l)";

/// The oldest part of a domain that waits.
pub(in super::super) const OLDEST: &str =
    "select accepted_at from part where state = 0 and domain = ?1 order by accepted_at limit 1";

/// Since when the oldest mail of each domain is in the store of which something waits.
pub(super) fn oldest(database: &Connection, domains: &[Hmac]) -> rusqlite::Result<Vec<Option<UnixTime>>> {
    let mut select = database.prepare_cached(OLDEST)?;
    domains.iter().map(|domain| select.query_row([domain.0], |row| row.get(0)).optional()).collect()
}

/// It has had its turn. Where nothing of it waits, the domain is not looked at any more.
pub(super) fn pass(database: &Connection, now: UnixTime, domain: &Hmac) -> rusqlite::Result<()> {
    let mut first = database.prepare_cached(FIRST)?;
    match first.query_row(params![domain.0, now], |row| row.get::<_, Option<UnixTime>>(0))? {
        Some(due) => {
            // Behind all whose turn it was, where more of it is due.
            let pass = "update domain set turn = max(?2, ?3, closed_until) where hmac = ?1";
            database.prepare_cached(pass)?.execute(params![domain.0, due, now]).map(drop)
        }
        None => database.prepare_cached("delete from domain where hmac = ?1")?.execute([domain.0]).map(drop),
    }
}

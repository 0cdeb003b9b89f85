//! Whose turn it is: a claim looks at the domains that have waited longest, not at all of them.

use std::collections::BTreeMap;

use tokio_postgres::types::Type;

use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::Hmac;
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// In the order of the domains, so that no two wait for each other.
const WAKE: &str =
    "insert into smsp_domain (hmac, turn) select hmac, due from unnest($1, $2) d (hmac, due) order by hmac
    on conflict (hmac) do update set
        turn = greatest(least(smsp_domain.turn, excluded.turn), smsp_domain.closed_until)";

/// Another node may have closed it for longer.
const CLOSE: &str = "insert into smsp_domain (hmac, turn, closed_until) values ($1, smsp_now() + $2, smsp_now() + $2)
    on conflict (hmac) do update set turn = greatest(smsp_domain.closed_until, excluded.closed_until),
        closed_until = greatest(smsp_domain.closed_until, excluded.closed_until)";

const OPEN: &str = "insert into smsp_domain (hmac, turn) values ($1, smsp_now())
    on conflict (hmac) do update set turn = excluded.turn, closed_until = excluded.closed_until";

/// A domain that is closed for longer was closed by somebody else.
const REOPEN: &str = "update smsp_domain set turn = smsp_now(), closed_until = 0
    where hmac = $1 and closed_until > smsp_now() and closed_until <= smsp_now() + $2";

/// The domains whose turn it is, the one that has waited longest first. Not locked: a domain is waiting to be written as long
/// as mail to it comes in, and no claim may pass by it for that.
pub(in super::super) const TURN: &str =
    "select hmac from smsp_domain where turn <= smsp_now() order by turn, hmac limit $1";

/// Those of which nobody else writes just now; the others keep their turn.
///
/// A statement before [`PASS`], whose view begins behind it: of a part whose domain was woken before this, PASS knows, and a
/// domain that is woken behind this is woken when the claim is committed. No wake is lost.
const FREE: &str = "select hmac from smsp_domain where hmac = any ($1) order by hmac for update skip locked";

/// The first part of a domain that is due and is not claimed alone; where there is none, the domain is not looked at any more.
/// Behind all whose turn it was, where more of it is due.
const PASS: &str = "with first as (
        select w.hmac, (select min(least) from (
            select (select p.due from smsp_part p where p.state = 0
                and (p.domain, p.lane, p.due) >= (w.hmac, l.lane::smallint, 0::bigint)
                and (p.domain, p.lane, p.due) <= (w.hmac, l.lane::smallint, 9223372036854775807)
                and (p.losses > 0) is not true and (p.expires_at <= smsp_now()) is not true
                order by p.domain, p.lane, p.due limit 1) as least
            from generate_series(0, 2) l (lane)) lanes) as due
        from unnest($1) w (hmac)
    ),
    gone as (delete from smsp_domain d using first f where d.hmac = f.hmac and f.due is null)
    update smsp_domain d set turn = greatest(f.due, smsp_now(), d.closed_until) from first f
    where d.hmac = f.hmac and f.due is not null";

/// The oldest part of each domain that waits, written as the rest for a database that has no statistics.
pub(in super::super) const OLDEST: &str = "select (
        select p.accepted_at from smsp_part p
        where p.state + 0 = 0 and (p.domain, p.accepted_at) >= (w.hmac, 0::bigint)
            and (p.domain, p.accepted_at) <= (w.hmac, 9223372036854775807)
        order by p.domain, p.accepted_at limit 1
    ) from unnest($1) with ordinality w (hmac, place) order by w.place";

/// Since when the oldest mail of each domain is in the store of which something waits.
pub(super) async fn oldest(
    transaction: &mut Transaction<'_>,
    domains: &[Hmac],
) -> Result<Vec<Option<UnixTime>>, Failed> {
    let domains: Vec<_> = domains.iter().map(|domain| &domain.0[..]).collect();
    let rows = transaction.query(OLDEST, &[(&domains, Type::BYTEA_ARRAY)]).await?;
    rows.iter().map(|row| Ok(field::<Option<i64>>(row, 0)?.map(UnixTime))).collect()
}

/// Parts of these domains wait that are due then.
pub(in super::super) async fn wake(transaction: &mut Transaction<'_>, parts: &[(Hmac, i64)]) -> Result<(), Failed> {
    let mut first = BTreeMap::<&[u8], i64>::new();
    for (domain, due) in parts {
        first.entry(&domain.0[..]).and_modify(|first| *first = (*first).min(*due)).or_insert(*due);
    }
    if first.is_empty() {
        return Ok(());
    }
    let (domains, times): (Vec<_>, Vec<_>) = first.into_iter().unzip();
    let parameters: [Parameter<'_>; 2] = [(&domains, Type::BYTEA_ARRAY), (&times, Type::INT8_ARRAY)];
    transaction.execute(WAKE, &parameters).await.map(drop)
}

/// Nothing of this domain is claimed for so long at least; zero: it is open.
pub(super) async fn close(transaction: &mut Transaction<'_>, domain: &Hmac, wait: i64) -> Result<(), Failed> {
    let parameters: [Parameter<'_>; 2] = [(&&domain.0[..], Type::BYTEA), (&wait, Type::INT8)];
    let (sql, parameters) = if wait > 0 { (CLOSE, &parameters[..]) } else { (OPEN, &parameters[..1]) };
    transaction.execute(sql, parameters).await.map(drop)
}

/// Opens a domain that is closed for no longer than this.
pub(super) async fn reopen(transaction: &mut Transaction<'_>, domain: &Hmac, closed_for: i64) -> Result<(), Failed> {
    let parameters: [Parameter<'_>; 2] = [(&&domain.0[..], Type::BYTEA), (&closed_for, Type::INT8)];
    transaction.execute(REOPEN, &parameters).await.map(drop)
}

/// These have had their turn.
pub(super) async fn pass(transaction: &mut Transaction<'_>, domains: &[Vec<u8>]) -> Result<(), Failed> {
    if domains.is_empty() {
        return Ok(());
    }
    let free = transaction.query(FREE, &[(&domains, Type::BYTEA_ARRAY)]).await?;
    let free = free.iter().map(|row| field(row, 0)).collect::<Result<Vec<&[u8]>, _>>()?;
    transaction.execute(PASS, &[(&free, Type::BYTEA_ARRAY)]).await.map(drop)
}

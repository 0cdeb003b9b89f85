//! Claims due parts: goes from domain to domain, in the order of their turns, and takes of each what the node may have.
//!
//! Conditions are written as in [`super::super::claim`], for a database that has no statistics yet.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::super::history::NEXT_FENCE;
use super::super::rows::{Columns, big, span};
use super::{domains, row, whole};
use crate::state::outbox::parts::read_places;
use crate::state::outbox::{ClaimedPart, Fence, NodeId, PartHold, PartId, WantedParts};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// Domains that a claim looks at, beside one for each part that is wanted.
const DOMAINS: usize = 64;
/// So many parts are looked at for each one that is wanted, over all domains.
const SHARES: usize = 4;
/// Candidates for each part that is wanted: another node may have locked the first one.
const CANDIDATES: usize = 2;

/// The oldest part that was lost before, of a domain that is not closed and of which the node may have more. Mails that
/// somebody else has locked are passed by.
pub(super) const LOST: &str = "select p.part, p.row_id from smsp_part p join smsp_outbox o using (row_id)
    where p.state + 0 = 0 and p.losses > 0 and (p.due, p.part) <= (smsp_now(), 9223372036854775807)
        and p.expires_at > smsp_now()
        and (select min(l.due) from smsp_part l where l.state + 0 = 0 and l.losses > 0) <= smsp_now()
        and not exists (select from smsp_domain d where d.hmac = p.domain and d.closed_until > smsp_now())
        and (select count(*) from smsp_part h where h.owner = $1 and h.state in (1, 2) and h.domain = p.domain) < $2
    order by p.due, p.part limit 1 for update of o skip locked";

/// A part of this domain in this lane waits and is due.
const WAITS: &str = "p.state = 0 and (p.domain, p.lane, p.due) >= (t.hmac, l.lane::smallint, 0::bigint)
                and (p.domain, p.lane, p.due) <= (t.hmac, l.lane::smallint, smsp_now())
                and (p.expires_at <= smsp_now()) is not true and (p.losses > 0) is not true";

/// Due parts of domains in their order: of four parts in each two are next by their lanes, one is the oldest and one the newest,
/// whatever its lane; which of them comes first says a draw. The more domains there are, the less is looked at of each. Behind
/// these as many others of each, in place of those that other nodes have locked.
pub(in super::super) static DUE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "with turn as (
        select w.hmac, w.place, greatest(0, $2 - (select count(*) from smsp_part h
            where h.owner = $3 and h.state in (1, 2) and h.domain = w.hmac)) as room
        from unnest($1) with ordinality w (hmac, place)
    ),
    shared as (
        select t.hmac, t.place, least(t.room, {SHARES} * $4 / count(*) over () + 1, $4) as room from turn t
    ),
    found as (
        select t.place, t.room, c.* from shared t cross join generate_series(0, 2) l (lane)
        cross join lateral (
            (select p.part, p.row_id, p.lane, p.due from smsp_part p where {WAITS}
            order by p.domain, p.lane, p.due, p.part limit t.room * {CANDIDATES})
            union
            (select p.part, p.row_id, p.lane, p.due from smsp_part p where {WAITS}
            order by p.domain desc, p.lane desc, p.due desc, p.part desc limit least(t.room, t.room / 4 + 1) * {CANDIDATES})
        ) c
    ),
    ranked as (
        select f.*, row_number() over (partition by f.place order by f.due desc, f.part desc) as youth,
            row_number() over (partition by f.place order by f.due, f.part) as age,
            row_number() over (partition by f.place order by f.lane, f.due, f.part) as nth from found f
    ),
    mixed as (
        select r.*, row_number() over (partition by r.place order by least(
            (4 - $5) % 4 + 4 * (r.youth - 1), (6 - $5) % 4 + 4 * (r.age - 1), ($5 + 1) % 2 + 2 * (r.nth - 1)), r.part
        ) as turn from ranked r
    )
    select m.part, m.row_id, m.place, m.room from mixed m where m.turn <= m.room * {CANDIDATES}
    order by (m.turn - 1) / m.room, m.place, m.turn limit $4 * {CANDIDATES}"
    )
});

/// So many of these parts that still wait, with their mails locked; what somebody else has locked is passed by. No index has
/// this condition of the state, so they are found by their numbers.
const FREE: &str = "select p.part, o.size from smsp_part p join smsp_outbox o using (row_id)
    where p.part = any ($1) and p.state - 0 = 0 order by array_position($1, p.part) limit $2 for update of o skip locked";

/// A part that may be claimed.
struct Candidate {
    part: i64,
    row: i64,
    size: i64,
    /// The place of its domain.
    place: i64,
    /// So many of its domain may be claimed.
    room: i64,
}

static TAKE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "update smsp_part o set state = 1, fence = {NEXT_FENCE}, owner = $2, claim = $3
        where o.part = any ($1) and o.state - 0 = 0 and o.due + 0 <= smsp_now() returning o.part"
    )
});

/// Claims under this number. The parts, not their messages: those are read once the claim is committed.
pub(in super::super) async fn claim(
    transaction: &mut Transaction<'_>,
    node: NodeId,
    number: Uuid,
    wanted: &WantedParts,
) -> Result<Vec<i64>, Failed> {
    if wanted.parts == 0 {
        return Ok(Vec::new());
    }
    if wanted.lost {
        let parameters: [Parameter<'_>; 2] = [(&node.0, Type::UUID), (&big(wanted.of_domain), Type::INT8)];
        if let Some(row) = transaction.query(LOST, &parameters).await?.first() {
            return take(transaction, node, number, &[field(row, 0)?], &[field(row, 1)?]).await;
        }
    }
    let looked_at = big(wanted.parts.saturating_add(DOMAINS));
    let turns = transaction.query(domains::TURN, &[(&looked_at, Type::INT8)]).await?;
    let turns = turns.iter().map(|row| field(row, 0)).collect::<Result<Vec<Vec<u8>>, _>>()?;
    let free = free(transaction, node, wanted, &turns).await?;
    let (chosen, served) = choose(&free, wanted);
    let (parts, rows): (Vec<_>, Vec<_>) = chosen.iter().map(|chosen| (chosen.part, chosen.row)).unzip();
    let taken = if parts.is_empty() { Vec::new() } else { take(transaction, node, number, &parts, &rows).await? };
    domains::pass(transaction, &turns[..served.unwrap_or(turns.len())]).await?;
    Ok(taken)
}

/// Due parts of these domains that nobody else has locked.
async fn free(
    transaction: &mut Transaction<'_>,
    node: NodeId,
    wanted: &WantedParts,
    turns: &[Vec<u8>],
) -> Result<Vec<Candidate>, Failed> {
    let most: Parameter<'_> = (&big(wanted.parts), Type::INT8);
    let (of_domain, draw) = (big(wanted.of_domain), i64::from(wanted.draw % 4));
    let parameters: [Parameter<'_>; 5] = [
        (&turns, Type::BYTEA_ARRAY),
        (&of_domain, Type::INT8),
        (&node.0, Type::UUID),
        most.clone(),
        (&draw, Type::INT8),
    ];
    let due = transaction.query(&DUE, &parameters).await?;
    let parts = due.iter().map(|row| field(row, 0)).collect::<Result<Vec<i64>, _>>()?;
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let mut sizes = HashMap::new();
    for row in &transaction.query(FREE, &[(&parts, Type::INT8_ARRAY), most]).await? {
        sizes.insert(field::<i64>(row, 0)?, field(row, 1)?);
    }
    let mut free = Vec::new();
    for (part, row) in parts.into_iter().zip(&due) {
        if let Some(size) = sizes.remove(&part) {
            free.push(Candidate { part, row: field(row, 1)?, size, place: field(row, 2)?, room: field(row, 3)? });
        }
    }
    Ok(free)
}

/// The parts that there are places and bytes for. And how many domains have had their turn by that, if not all: who was not
/// served keeps it.
fn choose<'a>(free: &'a [Candidate], wanted: &WantedParts) -> (Vec<&'a Candidate>, Option<usize>) {
    let (mut chosen, mut of_place, mut bytes, mut is_full) = (Vec::new(), HashMap::<i64, i64>::new(), 0_i64, false);
    for candidate in free {
        let taken = of_place.entry(candidate.place).or_default();
        if *taken >= candidate.room {
            continue;
        }
        bytes = bytes.saturating_add(candidate.size);
        if !chosen.is_empty() && bytes > big(wanted.bytes) {
            is_full = true;
            break;
        }
        *taken += 1;
        chosen.push(candidate);
    }
    let last = chosen.iter().map(|candidate| candidate.place).max().unwrap_or_default();
    is_full |= chosen.len() >= wanted.parts;
    (chosen, is_full.then(|| usize::try_from(last).unwrap_or_default()))
}

/// Takes parts whose mails are locked, if they still wait.
async fn take(
    transaction: &mut Transaction<'_>,
    node: NodeId,
    number: Uuid,
    parts: &[i64],
    rows: &[i64],
) -> Result<Vec<i64>, Failed> {
    let parameters: [Parameter<'_>; 3] = [(&parts, Type::INT8_ARRAY), (&node.0, Type::UUID), (&number, Type::UUID)];
    let taken = transaction.query(&TAKE, &parameters).await?;
    let taken = taken.iter().map(|row| field(row, 0)).collect::<Result<HashSet<i64>, _>>()?;
    whole::refresh(transaction, rows).await?;
    Ok(parts.iter().copied().filter(|part| taken.contains(part)).collect())
}

const READ: &str = "select p.part, p.fence, s.id, s.caller, p.domain, p.places, p.lane, s.accepted_at, p.expires_at,
        p.attempts, p.possible_duplicate, p.losses > 0, s.content_key_id, s.content_key,
        (select array_agg(c.bytes order by c.part) from smsp_content c where c.row_id = p.row_id)
    from unnest($1) with ordinality w (part, place) join smsp_part p using (part) join smsp_submission s using (row_id)
    where p.claim = $2 and p.owner = $3 and p.state in (1, 2) order by w.place";

/// The parts of this list that the call with this number still holds, with their messages.
pub(in super::super) async fn in_hand(
    transaction: &mut Transaction<'_>,
    node: NodeId,
    number: Uuid,
    parts: &[i64],
) -> Result<Vec<ClaimedPart>, Failed> {
    let parameters: [Parameter<'_>; 3] = [(&parts, Type::INT8_ARRAY), (&number, Type::UUID), (&node.0, Type::UUID)];
    let found = transaction.query(READ, &parameters).await?;
    found.iter().map(|row| claimed(node, &mut Columns::of(row))).collect()
}

fn claimed(node: NodeId, columns: &mut Columns<'_>) -> Result<ClaimedPart, Failed> {
    Ok(ClaimedPart {
        hold: PartHold { part: PartId(columns.value()?), fence: Fence(columns.value()?), node },
        id: columns.id()?,
        caller: columns.caller()?,
        domain: row::hmac(columns.value()?)?,
        places: read_places(columns.value()?),
        lane: columns.lane()?,
        accepted_at: columns.time()?,
        expires_at: columns.time()?,
        attempts: u32::try_from(columns.value::<i32>()?).unwrap_or_default(),
        possible_duplicate: columns.value()?,
        was_lost: columns.value()?,
        content: columns.content()?,
    })
}

const GIVE: &str = "update smsp_part set state = 0, owner = null, due = greatest(due, smsp_now() + $4)
    where part = $1 and fence = $2 and owner = $3 and state = 1 returning row_id, domain, due";

/// Gives parts back that were not marked. In the order of their mails, as everywhere.
pub(super) async fn give_back(
    transaction: &mut Transaction<'_>,
    holds: &[PartHold],
    wait: std::time::Duration,
) -> Result<usize, Failed> {
    let parts: Vec<_> = holds.iter().map(|hold| hold.part.0).collect();
    let lock = "select from smsp_outbox where row_id in (select row_id from smsp_part where part = any ($1))
        order by row_id for update";
    transaction.query(lock, &[(&parts, Type::INT8_ARRAY)]).await?;
    let (mut rows, mut woken) = (Vec::new(), Vec::new());
    for hold in holds {
        let parameters: [Parameter<'_>; 4] = [
            (&hold.part.0, Type::INT8),
            (&hold.fence.0, Type::INT8),
            (&hold.node.0, Type::UUID),
            (&span(wait), Type::INT8),
        ];
        if let Some(given) = transaction.query(GIVE, &parameters).await?.first() {
            rows.push(field(given, 0)?);
            woken.push((row::hmac(field(given, 1)?)?, field(given, 2)?));
        }
    }
    whole::refresh(transaction, &rows).await?;
    domains::wake(transaction, &woken).await?;
    Ok(rows.len())
}

//! Parts that nobody holds any more, those whose time is over, and those of an older copy.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::super::rows::{Columns, big, named, span};
use super::{domains, row, whole};
use crate::state::outbox::bound::Left;
use crate::state::outbox::{Bound, Buried, Hmac, NamedMail, NodeId, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// What nobody was told of is free again: no server can have it.
const RELEASE: &str = "with attempt as (
        delete from smsp_part_attempt a using smsp_part p
        where a.part = p.part and a.fence = p.fence and p.part = any ($1) and p.claim = any ($2) and p.owner = $3
            and p.state in (1, 2)
    )
    update smsp_part set state = 0, owner = null
    where part = any ($1) and claim = any ($2) and owner = $3 and state in (1, 2) returning row_id, domain, state, due";

const BURY: &str = "update smsp_part set state = case when state = 2 then 3 when losses >= 2 then 4 else 0 end,
        losses = losses + (state = 1)::integer, owner = null
    where part = any ($1) and state in (1, 2) and owner is distinct from $3
        and not exists (select from smsp_node n where n.node = owner and n.seen_at > smsp_now() - $2)
    returning row_id, domain, state, due";

const EXPIRE: &str =
    "update smsp_part set state = 7 where part = any ($1) and state + 0 in (0, 4) and expires_at + 0 <= smsp_now()
    returning row_id, domain, state, due";

/// Parts of an older copy that are not parked yet.
pub(in super::super) const OLDER: &str = "select part, row_id from smsp_part where state < 5 and row_id <= $1
    and (state in (0, 1, 2) or not possible_duplicate) order by part limit $2";

const PARK: &str = "update smsp_part set state = case when state in (2, 3) then 3 else 4 end, owner = null,
        possible_duplicate = true where part = any ($1) and state < 5 returning row_id, domain, state, due";

/// A part that has changed: which mail it is of, where it is, and when it is due.
struct Changed {
    row: i64,
    domain: Hmac,
    state: State,
    due: i64,
}

fn changed(row: &Row) -> Result<Changed, Failed> {
    let mut columns = Columns::of(row);
    Ok(Changed {
        row: columns.value()?,
        domain: row::hmac(columns.value()?)?,
        state: columns.state()?,
        due: columns.value()?,
    })
}

/// The parts that this asks for, with their mails locked; what somebody else has locked is passed by.
pub(super) async fn locked(
    transaction: &mut Transaction<'_>,
    sql: &str,
    parameters: &[Parameter<'_>],
    waits: bool,
) -> Result<Vec<i64>, Failed> {
    let skip = if waits { "" } else { "skip locked" };
    let lock = format!(
        "with meant as materialized ({sql}),
        free as materialized (
            select o.row_id from smsp_outbox o where o.row_id in (select row_id from meant) order by o.row_id for update {skip}
        )
        select part from meant join free using (row_id)"
    );
    transaction.query(&lock, parameters).await?.iter().map(|row| field(row, 0)).collect()
}

/// Brings the mails where their parts are, and has their domains looked at. Each part with the state of its mail.
async fn follow(transaction: &mut Transaction<'_>, found: &[Row]) -> Result<Vec<(Changed, State)>, Failed> {
    let parts = found.iter().map(changed).collect::<Result<Vec<_>, _>>()?;
    let rows: Vec<_> = parts.iter().map(|part| part.row).collect();
    let states = whole::refresh(transaction, &rows).await?;
    let waiting = parts.iter().filter(|part| part.state == State::Queued);
    let woken: Vec<_> = waiting.map(|part| (part.domain, part.due)).collect();
    domains::wake(transaction, &woken).await?;
    let of = |part: Changed| states.get(&part.row).copied().map(|state| (part, state));
    Ok(parts.into_iter().filter_map(of).collect())
}

/// Frees what claims under these numbers hold, whose answers were lost.
pub(in super::super) async fn release(
    transaction: &mut Transaction<'_>,
    node: NodeId,
    numbers: &[Uuid],
) -> Result<(), Failed> {
    let (claims, owner): (Parameter<'_>, Parameter<'_>) = ((&numbers, Type::UUID_ARRAY), (&node.0, Type::UUID));
    let held = "select part, row_id from smsp_part where claim = any ($1) and owner = $2 and state in (1, 2)";
    let parts = locked(transaction, held, &[claims.clone(), owner.clone()], true).await?;
    if parts.is_empty() {
        return Ok(());
    }
    let freed = transaction.query(RELEASE, &[(&parts, Type::INT8_ARRAY), claims, owner]).await?;
    follow(transaction, &freed).await.map(drop)
}

/// Ends what dead nodes have held. One that was marked may be with its server. A mail is named for each part.
pub(in super::super) async fn bury(
    transaction: &mut Transaction<'_>,
    own: NodeId,
    dead: Duration,
    buried: &mut Buried,
) -> Result<(), Failed> {
    let (after, own): (i64, Parameter<'_>) = (span(dead), (&own.0, Type::UUID));
    let held = "select part, row_id from smsp_part p where state in (1, 2) and owner is distinct from $2
        and not exists (select from smsp_node n where n.node = p.owner and n.seen_at > smsp_now() - $1)";
    let parts = locked(transaction, held, &[(&after, Type::INT8), own.clone()], false).await?;
    if parts.is_empty() {
        return Ok(());
    }
    let ended = transaction.query(BURY, &[(&parts, Type::INT8_ARRAY), (&after, Type::INT8), own]).await?;
    for (part, _) in follow(transaction, &ended).await? {
        match part.state {
            State::Queued => buried.queued += 1,
            State::Parked => buried.parked += 1,
            _ => buried.unknown += 1,
        }
        if part.state != State::Queued {
            buried.mails.extend(named(transaction, &[part.row], part.state).await?);
        }
    }
    Ok(())
}

/// Parts whose time is over, with the bytes of content that go with the last one of their mails.
const OVER: &str = "select p.part, p.row_id, case when o.erased then 0 else o.size end
    from smsp_part p join smsp_outbox o using (row_id)
    where p.state in (0, 4) and p.expires_at <= smsp_now() order by p.expires_at, p.part limit $1";

/// As many of these as a step may end: the bytes of each mail count once. And whether there may be more.
async fn over(transaction: &mut Transaction<'_>, bound: Bound) -> Result<(Vec<i64>, bool), Failed> {
    let (mut left, mut parts, mut mails) = (Left::of(bound), Vec::new(), BTreeSet::new());
    for row in &transaction.query(OVER, &[(&big(bound.rows), Type::INT8)]).await? {
        let bytes: i64 = if mails.insert(field::<i64>(row, 1)?) { field(row, 2)? } else { 0 };
        if !left.take(bytes.unsigned_abs()) {
            return Ok((parts, true));
        }
        parts.push(field(row, 0)?);
    }
    Ok((parts, left.is_spent()))
}

/// Ends parts whose time is over, as many as a step may. The mails that they were the last ones of, and whether there may be
/// more.
pub(in super::super) async fn expire(
    transaction: &mut Transaction<'_>,
    bound: Bound,
) -> Result<(Vec<NamedMail>, bool), Failed> {
    let (over, more) = over(transaction, bound).await?;
    if over.is_empty() {
        return Ok((Vec::new(), more));
    }
    let meant = "select part, row_id from smsp_part where part = any ($1)";
    let parts = locked(transaction, meant, &[(&over, Type::INT8_ARRAY)], false).await?;
    let ended = transaction.query(EXPIRE, &[(&parts, Type::INT8_ARRAY)]).await?;
    let (mut mails, mut told) = (Vec::new(), Vec::new());
    for (part, state) in follow(transaction, &ended).await? {
        if state.is_final() && !told.contains(&part.row) {
            mails.extend(named(transaction, &[part.row], state).await?);
            told.push(part.row);
        }
    }
    Ok((mails, more))
}

/// Brings mails where their parts are that a program has erased that knows of no parts. Where those are that this has ended, and
/// whether there may be more.
pub(in super::super) async fn follow_erased(
    transaction: &mut Transaction<'_>,
    limit: usize,
) -> Result<(Vec<State>, bool), Failed> {
    let found = "select row_id from smsp_outbox where split = 1 and erased and shown in (0, 1, 4)
        order by row_id limit $1 for update skip locked";
    let rows = transaction.query(found, &[(&big(limit), Type::INT8)]).await?;
    let rows = rows.iter().map(|row| field(row, 0)).collect::<Result<Vec<i64>, _>>()?;
    if rows.is_empty() {
        return Ok((Vec::new(), false));
    }
    let states = whole::refresh(transaction, &rows).await?.into_values();
    Ok((states.filter(|state| state.is_final()).collect(), rows.len() >= limit))
}

/// Parks at most so many parts of an older copy; marked ones are `unknown`. How many that were, and where each of their mails
/// is now.
pub(in super::super) async fn park(
    transaction: &mut Transaction<'_>,
    last: i64,
    limit: usize,
) -> Result<(usize, Vec<State>), Failed> {
    let parts = locked(transaction, OLDER, &[(&last, Type::INT8), (&big(limit), Type::INT8)], true).await?;
    if parts.is_empty() {
        return Ok((0, Vec::new()));
    }
    let parked = transaction.query(PARK, &[(&parts, Type::INT8_ARRAY)]).await?;
    let mails = follow(transaction, &parked).await?.into_iter().map(|(part, state)| (part.row, state));
    Ok((parked.len(), mails.collect::<BTreeMap<_, _>>().into_values().collect()))
}

//! What keeps rows from waiting for ever: signs of life, and the rows of dead nodes.

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::history::DEAD;
use super::parts;
use super::rows::{Columns, named, span};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{ATTEMPT, Buried, NodeId, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

const HEARTBEAT: &str = "insert into smsp_node (node, seen_at) values ($1, smsp_now())
    on conflict (node) do update set seen_at = excluded.seen_at returning seen_at";

/// In the order of their rows, mails and parts together, so that no two transactions wait for each other.
const LOCK: &str = "select from smsp_outbox where row_id = any (array(
        select row_id from smsp_outbox where claim = any ($1) and state in (1, 2) and owner = $2
        union all select row_id from smsp_part where claim = any ($1) and state in (1, 2) and owner = $2
    )) order by row_id for update";

/// What nobody was told of is free again: no provider can have it.
const RELEASE: &str = "with found as materialized (
        select row_id, fence from smsp_outbox
        where claim = any ($1) and state in (1, 2) and owner = $2 for update
    ),
    attempt as (
        delete from smsp_attempt a using found f where a.row_id = f.row_id and a.fence = f.fence
    )
    update smsp_outbox o set changed_at = smsp_now(), claim = null,
        state = case when o.is_replay then 3 else 0 end, owner = null
    from found f where o.row_id = f.row_id";

/// A node without a sign of life is as dead as one whose last sign is old, but not the node that asks. A marked row was last
/// changed by its mark.
const BURY: &str = "with dead as materialized (
        select o.row_id from smsp_outbox o
        where o.state in (1, 2) and o.owner is distinct from $3
            and not exists (select from smsp_node n where n.node = o.owner and n.seen_at > smsp_now() - $1)
        for update skip locked
    )
    update smsp_outbox o set changed_at = smsp_now(), replay_due = greatest(smsp_now(), o.changed_at + $2),
        state = case when o.state = 2 then 3 when o.losses >= 2 then 4 else 0 end,
        losses = o.losses + (o.state = 1 or o.is_replay)::integer, owner = null,
        replay_until = case when o.is_replay and o.losses >= 2 then null else o.replay_until end
    from dead where o.row_id = dead.row_id and o.state in (1, 2) returning o.state, o.row_id";

/// The time of the database.
pub(super) async fn heartbeat(transaction: &mut Transaction<'_>, node: NodeId) -> Result<Option<UnixTime>, Failed> {
    let seen = transaction.query(HEARTBEAT, &[(&node.0, Type::UUID)]).await?;
    seen.first().map(|row| field(row, 0).map(UnixTime)).transpose()
}

/// Frees what claims and replays under these numbers hold, whose answers were lost.
pub(super) async fn release(transaction: &mut Transaction<'_>, node: NodeId, numbers: &[Uuid]) -> Result<(), Failed> {
    let parameters: [Parameter<'_>; 2] = [(&numbers, Type::UUID_ARRAY), (&node.0, Type::UUID)];
    transaction.query(LOCK, &parameters).await?;
    transaction.execute(RELEASE, &parameters).await?;
    parts::release(transaction, node, numbers).await
}

pub(super) async fn bury(transaction: &mut Transaction<'_>, own: NodeId) -> Result<Buried, Failed> {
    let (mut buried, mut parked, mut unknown) = (Buried::default(), Vec::new(), Vec::new());
    let parameters: [Parameter<'_>; 3] =
        [(&span(DEAD), Type::INT8), (&span(ATTEMPT), Type::INT8), (&own.0, Type::UUID)];
    for row in transaction.query(BURY, &parameters).await? {
        let mut columns = Columns::of(&row);
        match columns.state()? {
            State::Unknown => unknown.push(columns.value()?),
            State::Parked => parked.push(columns.value()?),
            _ => buried.queued += 1,
        }
    }
    (buried.parked, buried.unknown) = (parked.len() as u64, unknown.len() as u64);
    for (rows, state) in
        [(parked, State::Parked), (unknown, State::Unknown)].iter().filter(|(rows, _)| !rows.is_empty())
    {
        buried.mails.extend(named(transaction, rows, *state).await?);
    }
    parts::bury(transaction, own, DEAD, &mut buried).await?;
    Ok(buried)
}

//! What keeps rows from waiting for ever: signs of life, the rows of dead nodes, and rows whose time is over.

use std::time::Duration;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::content::drop_content;
use super::rows::{Columns, big, span};
use crate::state::outbox::{ATTEMPT, Buried, NodeId, State, Swept};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// A node that has said nothing for so long counts as dead; if it is not, its marks are refused.
const DEAD: Duration = Duration::from_secs(30);

/// A key names its submission for so long at least.
const KEY_LIVES: Duration = Duration::from_secs(24 * 3600);

const HEARTBEAT: &str = "insert into smsp_node (node, seen_at) values ($1, smsp_now())
    on conflict (node) do update set seen_at = excluded.seen_at";

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

/// A node without a sign of life is as dead as one whose last sign is old. A marked row was last changed by its mark.
const BURY: &str = "with dead as materialized (
        select o.row_id from smsp_outbox o
        where o.state in (1, 2)
            and not exists (select from smsp_node n where n.node = o.owner and n.seen_at > smsp_now() - $1)
        for update skip locked
    )
    update smsp_outbox o set changed_at = smsp_now(), replay_due = greatest(smsp_now(), o.changed_at + $2),
        state = case when o.state = 2 then 3 when o.losses >= 2 then 4 else 0 end,
        losses = o.losses + (o.state = 1)::integer, owner = null
    from dead where o.row_id = dead.row_id and o.state in (1, 2) returning o.state";

/// Nodes that have been silent for a day go with it.
const EXPIRE: &str = "with over as materialized (
        select row_id from smsp_outbox where state in (0, 4) and expires_at <= smsp_now()
        order by expires_at limit $1 for update skip locked
    ),
    silent as (delete from smsp_node where seen_at < smsp_now() - 86400000)
    update smsp_outbox o set state = 7, changed_at = smsp_now()
    from over where o.row_id = over.row_id and o.state in (0, 4) returning o.row_id";

const DROP: &str = "with old as materialized (
        select o.row_id, o.state from smsp_outbox o join smsp_submission s using (row_id)
        where (o.state = 3 or o.state >= 5) and o.changed_at <= smsp_now() - $2
            and (s.key is null or s.accepted_at <= smsp_now() - $3)
        order by o.changed_at limit $1 for update of o skip locked
    )
    delete from smsp_submission s using old where s.row_id = old.row_id returning old.state";

pub(super) async fn heartbeat(transaction: &mut Transaction<'_>, node: NodeId) -> Result<(), Failed> {
    transaction.execute(HEARTBEAT, &[(&node.0, Type::UUID)]).await.map(drop)
}

/// Frees what claims and replays under these numbers hold, whose answers were lost.
pub(super) async fn release(transaction: &mut Transaction<'_>, node: NodeId, numbers: &[Uuid]) -> Result<(), Failed> {
    let parameters: [Parameter<'_>; 2] = [(&numbers, Type::UUID_ARRAY), (&node.0, Type::UUID)];
    transaction.execute(RELEASE, &parameters).await.map(drop)
}

pub(super) async fn bury(transaction: &mut Transaction<'_>) -> Result<Buried, Failed> {
    let mut buried = Buried::default();
    for row in transaction.query(BURY, &[(&span(DEAD), Type::INT8), (&span(ATTEMPT), Type::INT8)]).await? {
        match Columns::of(&row).state()? {
            State::Unknown => buried.unknown += 1,
            State::Parked => buried.parked += 1,
            _ => buried.queued += 1,
        }
    }
    Ok(buried)
}

/// At most `limit` rows of each kind.
pub(super) async fn sweep(transaction: &mut Transaction<'_>, keep: Duration, limit: usize) -> Result<Swept, Failed> {
    let limit = big(limit);
    let expired = transaction.query(EXPIRE, &[(&limit, Type::INT8)]).await?;
    let expired = expired.iter().map(|row| field(row, 0)).collect::<Result<Vec<i64>, _>>()?;
    if !expired.is_empty() {
        drop_content(transaction, &expired).await?;
    }
    let parameters: [Parameter<'_>; 3] =
        [(&limit, Type::INT8), (&span(keep), Type::INT8), (&span(KEY_LIVES), Type::INT8)];
    let dropped = transaction.query(DROP, &parameters).await?;
    let states = dropped.iter().map(|row| Columns::of(row).state()).collect::<Result<Vec<_>, _>>()?;
    let unknown = states.iter().filter(|state| **state == State::Unknown).count() as u64;
    let (expired, dropped) = (expired.len() as u64, dropped.len() as u64);
    Ok(Swept { expired, dropped, unknown, more: big(expired.max(dropped)) >= limit })
}

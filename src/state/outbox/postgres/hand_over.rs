//! Claims that are given back, and replays.
//!
//! Each change names the row, its fence, its owner and the states from which it is possible.

use std::sync::LazyLock;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::history::NEXT_FENCE;
use super::rows::big;
use crate::state::outbox::{Bound, Hold, NodeId};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// Rows are locked in the order of their numbers, as everywhere. `state + 0`: see [`super::rows::claimed_rows`].
const GIVE_BACK: &str = "with hold as materialized (select * from unnest($1, $2, $3) h (row_id, fence, owner)),
    meant as materialized (
        select o.row_id from smsp_outbox o join hold h using (row_id)
        where o.fence = h.fence and o.owner = h.owner and o.state + 0 = 1 order by o.row_id for update of o
    )
    update smsp_outbox o set state = 0, changed_at = smsp_now(), owner = null
    from hold h join meant using (row_id)
    where o.row_id = h.row_id and o.fence = h.fence and o.owner = h.owner and o.state + 0 = 1";

/// The oldest that fit; one of whose replay a node has died is alone, and so is passed while it is not the oldest.
static REPLAY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "with looked as materialized (
        select row_id, replay_due, size, losses from smsp_outbox
        where state = 3 and upstream = $1 and replay_until > smsp_now() and replay_due <= smsp_now()
            and expires_at > smsp_now() and not erased
        order by replay_due, row_id limit $2 for update skip locked
    ),
    placed as (
        select row_id, losses, row_number() over w as nth, first_value(losses) over w as losses_of_first,
            sum(size) over w as bytes
        from looked window w as (order by replay_due, row_id)
    ),
    due as (
        select row_id from placed where nth = 1 or losses_of_first = 0 and losses = 0 and bytes <= $5
    ),
    marked as (
        update smsp_outbox o set state = 2, changed_at = smsp_now(), fence = {NEXT_FENCE}, owner = $3, claim = $4,
            is_replay = true
        from due where o.row_id = due.row_id returning o.row_id, o.fence
    ),
    attempt as (
        insert into smsp_attempt (row_id, fence, upstream, at) select row_id, fence, $1, smsp_now() from marked
    ),
    counted as (
        update smsp_marks set marks = marks + (select count(*) from marked)
        where slot = (select min(row_id) % 64 from marked)
    )
    select row_id from marked order by row_id"
    )
});

pub(super) async fn give_back(transaction: &mut Transaction<'_>, holds: &[Hold]) -> Result<usize, Failed> {
    let rows: Vec<_> = holds.iter().map(|hold| hold.row.0).collect();
    let fences: Vec<_> = holds.iter().map(|hold| hold.fence.0).collect();
    let owners: Vec<_> = holds.iter().map(|hold| hold.node.0).collect();
    let parameters: [Parameter<'_>; 3] =
        [(&rows, Type::INT8_ARRAY), (&fences, Type::INT8_ARRAY), (&owners, Type::UUID_ARRAY)];
    let given = transaction.execute(GIVE_BACK, &parameters).await?;
    Ok(usize::try_from(given).unwrap_or(usize::MAX))
}

pub(super) async fn replay(
    transaction: &mut Transaction<'_>,
    node: NodeId,
    number: Uuid,
    upstream: &str,
    bound: Bound,
) -> Result<Vec<i64>, Failed> {
    let parameters: [Parameter<'_>; 5] = [
        (&upstream, Type::TEXT),
        (&big(bound.rows), Type::INT8),
        (&node.0, Type::UUID),
        (&number, Type::UUID),
        (&big(bound.bytes), Type::INT8),
    ];
    let rows = transaction.query(&REPLAY, &parameters).await?;
    rows.iter().map(|row| field(row, 0)).collect()
}

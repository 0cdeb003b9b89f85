//! Claims: rows of the sets and callers that may be sent now, under a new fence.
//!
//! A statement takes rows of one lane from one end of the queue. It visits each caller of each set by the index, so the
//! rows that nobody wants cost nothing, however many there are. The more callers there are, the less it looks at of each. It
//! locks what it takes and no more; what another node has locked is passed by.
//!
//! A database that has no statistics yet, or those of an empty table, takes each condition for one that few rows meet, and walks
//! through all rows to find them. So a walk along the queue compares its columns as one row, which only that index can do,
//! and says of the others that they are not true, for then it expects most rows to fit. A condition that must not choose the
//! index is not on the column itself (`due + 0`). A statement that rarely finds a row looks first whether there is one, by an
//! aggregate that needs one entry of an index. Where the statistics are those of a long history in which nothing waited,
//! claims walk through the queue until autovacuum has counted anew: it does so once 10,000 rows have changed, whatever there
//! is of history, and looks each minute whether they have.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::history::NEXT_FENCE;
use super::rows::big;
use crate::state::outbox::{Lane, NodeId, Wanted};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// Rows of a lane that one claim takes, at most: more than a node can hand over.
const MOST: usize = 10_000;
/// Candidates for each row that is wanted: so many that other nodes may have locked the first ones.
const CANDIDATES: i64 = 4;

static OLDEST: LazyLock<String> = LazyLock::new(|| sql("o.due, o.row_id", "o.lane, o.route_set, o.caller"));
static NEWEST: LazyLock<String> =
    LazyLock::new(|| sql("o.due desc, o.row_id desc", "o.lane desc, o.route_set desc, o.caller desc"));

/// `head` goes from caller to caller of each set, `candidate` takes more of each than the caller may have, `free` locks so many
/// as are wanted that nobody else has locked: those that each caller may have first, then the others in place of locked ones.
/// `own` and `fitting` leave of these as many as the caller may have, and as there are bytes for. What has changed since the
/// statement began, the conditions of `free` see.
/// `order` is that of the rows of a caller, and behind `queue` that of the index.
fn sql(order: &str, queue: &str) -> String {
    format!(
        "with recursive head (route_set, caller) as (
            select w.route_set, '' from unnest($2) w (route_set)
            union all
            select h.route_set, (select case when q.lane = $1 and q.route_set = h.route_set then q.caller end
                from smsp_outbox q
                where q.state = 0 and (q.lane, q.route_set, q.caller) > ($1, h.route_set, h.caller)
                order by q.lane, q.route_set, q.caller limit 1)
            from head h where h.caller is not null
        ),
        quota as (
            select h.route_set, h.caller, greatest(0, $5 - coalesce(t.taken, 0)) as places,
                case when $12 then {CANDIDATES} * $4 / count(*) over () + 1 else $4 end as share
            from head h left join unnest($6, $7) t (caller, taken) using (caller)
            where h.caller <> '' and h.caller <> all ($3)
        ),
        candidate as (
            select c.*, quota.places from quota cross join lateral (
                select o.row_id, o.caller, o.due from smsp_outbox o
                where o.state = 0
                    and (o.lane, o.route_set, o.caller, o.due) >= ($1, quota.route_set, quota.caller, 0)
                    and (o.lane, o.route_set, o.caller, o.due) <= ($1, quota.route_set, quota.caller, smsp_now())
                    and (o.expires_at <= smsp_now()) is not true and (o.losses > 0) is not true
                order by {queue}, {order} limit least(quota.places, quota.share, $4) * {CANDIDATES}
            ) c
        ),
        fair as (
            select o.row_id, o.places, row_number() over (partition by o.caller order by {order}) as nth from candidate o
        ),
        free as materialized (
            select o.row_id, o.caller, o.due, o.size, f.places from smsp_outbox o join fair f using (row_id)
            where o.row_id = any (array(select c.row_id from candidate c)) and o.state + 0 = 0 and o.due + 0 <= smsp_now()
                and o.expires_at + 0 > smsp_now()
            order by f.nth > f.places, {order} limit $4 for update of o skip locked
        ),
        own as (
            select o.*, row_number() over (partition by o.caller order by {order}) as nth from free o
        ),
        fitting as (
            select o.row_id, row_number() over (order by {order}) as place, sum(o.size) over (order by {order}) as bytes
            from own o where o.nth <= o.places
        ),
        due as (
            select f.row_id from fitting f where f.bytes <= $8 or $9 and f.place = 1
        )
        update smsp_outbox o set state = 1, changed_at = smsp_now(), fence = {NEXT_FENCE}, owner = $10, claim = $11,
            is_replay = false
        from due where o.row_id = due.row_id returning o.row_id, o.caller, o.size, o.due"
    )
}

/// The oldest row that was lost before. Rows of other sets are not looked at: they may be due for as long as nobody can send
/// them. No other index than that of lost rows of each set has this condition of the state.
static LOST: LazyLock<String> = LazyLock::new(|| {
    format!(
        "with oldest as materialized (
            select l.* from unnest($1) w (route_set) cross join lateral (
                select o.row_id, o.due from smsp_outbox o
                where o.state + 0 = 0 and o.losses > 0 and (o.route_set, o.due, o.row_id) >= (w.route_set, 0, 0)
                    and (o.route_set, o.due, o.row_id) <= (w.route_set, smsp_now(), 9223372036854775807)
                    and o.expires_at > smsp_now() and o.caller <> all ($2)
                order by o.route_set, o.due, o.row_id limit 1 for update skip locked
            ) l
        ),
        due as (
            select row_id from oldest order by due, row_id limit 1
        )
        update smsp_outbox o set state = 1, changed_at = smsp_now(), fence = {NEXT_FENCE}, owner = $3, claim = $4,
            is_replay = false
        from due where o.row_id = due.row_id returning o.row_id"
    )
});

/// What this claim has so far.
#[derive(Default)]
struct Taken {
    rows: Vec<i64>,
    of_caller: BTreeMap<String, i64>,
    bytes: i64,
}

/// Claims under this number, by which a claim whose answer is lost is found again. The rows, not their messages: those are
/// read once the claim is committed, so that a message that the node dies of counts as a loss.
pub(super) async fn claim(
    transaction: &mut Transaction<'_>,
    node: NodeId,
    number: Uuid,
    wanted: &Wanted,
) -> Result<Vec<i64>, Failed> {
    if let Some(row) = lost(transaction, node, number, wanted).await? {
        return Ok(vec![row]);
    }
    let mut taken = Taken::default();
    for (lane, rows) in (0..).zip(wanted.of_lane).take(Lane::ALL.len()) {
        let rows = rows.min(MOST);
        let (newest, before) = (rows * wanted.newest_of_four.min(4) / 4, taken.rows.len());
        // Where there are not so many new ones, or not enough in the share of each caller, others.
        let parts = [(&*OLDEST, rows - newest, true), (&*NEWEST, newest, true), (&*OLDEST, rows, false)];
        for (sql, most, shared) in parts {
            let left = most.min(rows.saturating_sub(taken.rows.len() - before));
            if left > 0 {
                taken.add(&part(transaction, (sql, lane, left, shared), (node, number), wanted, &taken).await?)?;
            }
        }
    }
    Ok(taken.rows)
}

async fn lost(
    transaction: &mut Transaction<'_>,
    node: NodeId,
    number: Uuid,
    wanted: &Wanted,
) -> Result<Option<i64>, Failed> {
    if !wanted.lost || wanted.of_caller == 0 {
        return Ok(None);
    }
    let sets: Vec<_> = wanted.sets.iter().map(|set| set.as_str()).collect();
    let without: Vec<_> = wanted.without.iter().map(|caller| caller.as_str()).collect();
    let parameters: [Parameter<'_>; 4] =
        [(&sets, Type::TEXT_ARRAY), (&without, Type::TEXT_ARRAY), (&node.0, Type::UUID), (&number, Type::UUID)];
    let rows = transaction.query(&LOST, &parameters).await?;
    rows.first().map(|row| field(row, 0)).transpose()
}

async fn part(
    transaction: &mut Transaction<'_>,
    (sql, lane, rows, shared): (&str, i16, usize, bool),
    (node, number): (NodeId, Uuid),
    wanted: &Wanted,
    taken: &Taken,
) -> Result<Vec<Row>, Failed> {
    let sets: Vec<_> = wanted.sets.iter().map(|set| set.as_str()).collect();
    let without: Vec<_> = wanted.without.iter().map(|caller| caller.as_str()).collect();
    let callers: Vec<_> = taken.of_caller.keys().collect();
    let counts: Vec<_> = taken.of_caller.values().copied().collect();
    let bytes = big(wanted.bytes).saturating_sub(taken.bytes);
    let parameters: [Parameter<'_>; 12] = [
        (&lane, Type::INT2),
        (&sets, Type::TEXT_ARRAY),
        (&without, Type::TEXT_ARRAY),
        (&big(rows), Type::INT8),
        (&big(wanted.of_caller), Type::INT8),
        (&callers, Type::TEXT_ARRAY),
        (&counts, Type::INT8_ARRAY),
        (&bytes, Type::INT8),
        (&taken.rows.is_empty(), Type::BOOL),
        (&node.0, Type::UUID),
        (&number, Type::UUID),
        (&shared, Type::BOOL),
    ];
    transaction.query(sql, &parameters).await
}

impl Taken {
    /// Those that have waited longest first.
    fn add(&mut self, rows: &[Row]) -> Result<(), Failed> {
        let row = |row| {
            let (due, number, caller, size) = (field(row, 3)?, field(row, 0)?, field(row, 1)?, field(row, 2)?);
            Ok((due, number, caller, size))
        };
        let mut rows = rows.iter().map(row).collect::<Result<Vec<(i64, i64, String, i64)>, Failed>>()?;
        rows.sort_unstable();
        for (_, number, caller, size) in rows {
            self.rows.push(number);
            *self.of_caller.entry(caller).or_default() += 1;
            self.bytes = self.bytes.saturating_add(size);
        }
        Ok(())
    }
}

//! The sets of queued rows: which there are, and which other rules have made.

use tokio_postgres::types::Type;

use super::rows::{Columns, big};
use crate::state::outbox::{Bound, Queued, RouteSet, RowId, RulesVersion, Stale};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// Columns of the queue are compared as one row, which only its index can do: see `claim`.
const SETS: &str = "with recursive head (lane, route_set) as (
        select l.lane, (select case when q.lane = l.lane then q.route_set end from smsp_outbox q
            where q.state = 0 and (q.lane, q.route_set) >= (l.lane, '')
            order by q.lane, q.route_set limit 1)
        from (values (0::smallint), (1::smallint), (2::smallint)) l (lane)
        union all
        select h.lane, (select case when q.lane = h.lane then q.route_set end from smsp_outbox q
            where q.state = 0 and (q.lane, q.route_set) > (h.lane, h.route_set)
            order by q.lane, q.route_set limit 1)
        from head h where h.route_set is not null
    )
    select h.route_set, h.lane,
        (select q.caller from smsp_outbox q
            where q.state = 0 and (q.lane, q.route_set, q.caller) > (h.lane, h.route_set, '')
            order by q.lane, q.route_set, q.caller limit 1),
        (select q.caller from smsp_outbox q where q.state = 0 and (q.lane, q.route_set) <= (h.lane, h.route_set)
            order by q.lane desc, q.route_set desc, q.caller desc limit 1)
    from head h where h.route_set is not null";

/// Smaller or larger, because an index has no order for `<>`. The smallest and the largest are looked for first: a database
/// without statistics would walk through all rows to find that there is none.
const STALE: &str = "with looked as (
        select row_id, size from smsp_outbox
            where state = 0 and rules < $1 and (select min(rules) from smsp_outbox where state = 0) < $1
        union all select row_id, size from smsp_outbox
            where state = 0 and rules > $1 and (select max(rules) from smsp_outbox where state = 0) > $1
        limit $2
    ),
    placed as (
        select row_id, row_number() over w as nth, sum(size) over w as bytes from looked window w as (order by row_id)
    ),
    stale as (select row_id from placed where nth = 1 or bytes <= $3)
    select o.row_id, s.id, s.caller, s.content_key_id, s.content_key,
        (select array_agg(c.bytes order by c.part) from smsp_content c where c.row_id = o.row_id)
    from stale join smsp_outbox o using (row_id) join smsp_submission s using (row_id)";

/// Rows are locked in the order of their numbers, as everywhere.
const REROUTE: &str = "with meant as materialized (
        select row_id from smsp_outbox where row_id = any ($1) and state = 0 order by row_id for update
    )
    update smsp_outbox o set route_set = w.route_set, rules = $3
    from unnest($1, $2) w (row_id, route_set) join meant using (row_id) where o.row_id = w.row_id and o.state = 0";

pub(super) async fn route_sets(transaction: &mut Transaction<'_>) -> Result<Vec<Queued>, Failed> {
    let rows = transaction.query(SETS, &[]).await?;
    let lane = |row| {
        let mut columns = Columns::of(row);
        let (set, lane) = (columns.route_set()?, columns.value::<i16>()?);
        let callers: [String; 2] = [columns.value()?, columns.value()?];
        Ok((set, usize::try_from(lane).unwrap_or(usize::MAX), callers))
    };
    Ok(Queued::of(rows.iter().map(lane).collect::<Result<Vec<_>, Failed>>()?))
}

pub(super) async fn stale(
    transaction: &mut Transaction<'_>,
    rules: RulesVersion,
    bound: Bound,
) -> Result<Vec<Stale>, Failed> {
    let parameters: [Parameter<'_>; 3] =
        [(&rules.0, Type::INT8), (&big(bound.rows), Type::INT8), (&big(bound.bytes), Type::INT8)];
    let rows = transaction.query(STALE, &parameters).await?;
    rows.iter().map(|row| stale_row(&mut Columns::of(row))).collect()
}

fn stale_row(columns: &mut Columns<'_>) -> Result<Stale, Failed> {
    let row = RowId(columns.value()?);
    Ok(Stale { row, id: columns.id()?, caller: columns.caller()?, content: columns.content()? })
}

pub(super) async fn reroute(
    transaction: &mut Transaction<'_>,
    rules: RulesVersion,
    sets: &[(RowId, RouteSet)],
) -> Result<(), Failed> {
    let rows: Vec<_> = sets.iter().map(|(row, _)| row.0).collect();
    let sets: Vec<_> = sets.iter().map(|(_, set)| set.as_str()).collect();
    let parameters: [Parameter<'_>; 3] = [(&rows, Type::INT8_ARRAY), (&sets, Type::TEXT_ARRAY), (&rules.0, Type::INT8)];
    transaction.execute(REROUTE, &parameters).await.map(drop)
}

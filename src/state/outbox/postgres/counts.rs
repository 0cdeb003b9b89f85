//! How many rows there are, kept in small tables by the statements that change rows.

use tokio_postgres::types::Type;

use super::rows::{Columns, big};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::parts::UPSTREAM;
use crate::state::outbox::{Count, RouteSet};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// The age of rows that wait or are `unknown` is found by an index; rows in hand are few.
pub(super) const COUNTS: &str = "with grouped as (
        select state, place, sum(rows)::bigint as rows, sum(bytes)::bigint as bytes
        from (select * from smsp_count union all select * from smsp_change) c
        group by state, place having sum(rows) > 0
    )
    select g.state, g.place, g.rows, g.bytes, case
        when g.place = 'mx' and g.state < 5 then (
            select o.wanted_at from smsp_outbox o where o.split = 1 and o.shown = g.state order by o.wanted_at limit 1)
        when g.state in (0, 4) then (
            select o.wanted_at from smsp_outbox o where o.state in (0, 4) and o.state = g.state and o.route_set = g.place
            order by o.wanted_at limit 1)
        when g.state = 3 then (
            select o.wanted_at from smsp_outbox o where o.state = 3 and o.upstream = g.place order by o.wanted_at limit 1)
        when g.state in (1, 2) then (
            select min(o.wanted_at) from smsp_outbox o where o.state in (1, 2) and o.state = g.state
            and smsp_place(o.state, o.route_set, o.upstream) = g.place)
    end
    from grouped g order by g.state, g.place";

/// One node at a time, by a lock of the transaction: a number that nobody else locks on this database.
const FOLD: &str = "with mine as materialized (select pg_try_advisory_xact_lock(5716023716456) as is_mine),
    moved as (
        delete from smsp_change where (select is_mine from mine)
            and ctid = any (array(select ctid from smsp_change limit $1)) returning *
    )
    insert into smsp_count as c
    select caller, state, place, sum(rows), sum(held), sum(bytes) from moved group by caller, state, place
    on conflict (caller, state, place) do update set rows = c.rows + excluded.rows, held = c.held + excluded.held,
        bytes = c.bytes + excluded.bytes";

/// Rows and counts of one moment, because it is one statement; so calls go on meanwhile.
const RECOUNT: &str = "with counted as (
        select caller, coalesce(shown, state) as state, smsp_count_place(split, state, route_set, upstream) as place,
            count(*) as rows,
            count(*) filter (where state < 5 and not erased) as held,
            coalesce(sum(size) filter (where state < 5 and not erased), 0) as bytes
        from smsp_outbox group by 1, 2, 3
        union all select caller, state, place, -rows, -held, -bytes from smsp_count
        union all select caller, state, place, -rows, -held, -bytes from smsp_change
    )
    insert into smsp_change
    select caller, state, place, sum(rows), sum(held), sum(bytes) from counted group by caller, state, place
    having sum(rows) <> 0 or sum(held) <> 0 or sum(bytes) <> 0";

/// Changes of one fold: more than there are between two sweeps.
const FOLDED: usize = 100_000;

pub(super) async fn counts(transaction: &mut Transaction<'_>) -> Result<Vec<Count>, Failed> {
    let rows = transaction.query(COUNTS, &[]).await?;
    rows.iter().map(|row| count(&mut Columns::of(row))).collect()
}

fn count(columns: &mut Columns<'_>) -> Result<Count, Failed> {
    let (state, place) = (columns.state()?, columns.value::<String>()?);
    let (rows, bytes): (i64, i64) = (columns.value()?, columns.value()?);
    // Of no set, though it waits.
    let is_split = place == UPSTREAM;
    let set = (state.waits() && !is_split).then(|| RouteSet::new(place.split(',').filter(|name| !name.is_empty())));
    let upstream = Some(place).filter(|place| set.is_none() && !place.is_empty());
    let oldest = columns.value::<Option<i64>>()?.map(UnixTime);
    Ok(Count { state, route_set: set, upstream, rows: rows.unsigned_abs(), bytes: bytes.unsigned_abs(), oldest })
}

/// Moves what has changed to the counts.
pub(super) async fn fold(transaction: &mut Transaction<'_>) -> Result<(), Failed> {
    let limit: [Parameter<'_>; 1] = [(&big(FOLDED), Type::INT8)];
    if transaction.execute(FOLD, &limit).await? > 0 {
        transaction.execute("delete from smsp_count where rows = 0 and held = 0", &[]).await?;
    }
    Ok(())
}

/// Corrects counts that do not say what the rows say: how many that were. One at a time, or both would correct them.
pub(super) async fn recount(transaction: &mut Transaction<'_>) -> Result<u64, Failed> {
    transaction.execute(RECOUNT, &[]).await
}

//! The sets of upstreams of rows that wait: made anew when the rules change.

use rusqlite::{Connection, params};

use super::columns::signed;
use super::{content, names};
use crate::state::outbox::bound::Left;
use crate::state::outbox::{Bound, Queued, RouteSet, RowId, RulesVersion, Stale};

/// The sets of queued rows, and what is queued of each.
pub(super) fn route_sets(database: &Connection) -> rusqlite::Result<Vec<Queued>> {
    let mut select = database.prepare_cached(
        "select names, lane, first,
            (select max(caller) from envelope e where e.route_set = q.id and e.lane = q.lane and state = 0)
         from (select id, names, lane,
                (select min(caller) from envelope e where e.route_set = r.id and e.lane = l.lane and state = 0) as first
            from route_set r, (select 0 as lane union all select 1 union all select 2) l) q
         where first is not null",
    )?;
    let lane = |row: &rusqlite::Row<'_>| {
        let (names, callers): (String, [i64; 2]) = (row.get(0)?, [row.get(2)?, row.get(3)?]);
        Ok((RouteSet::new(names.split(',')), usize::from(row.get::<_, u8>(1)?), callers))
    };
    let lanes: Result<Vec<_>, _> = select.query_map([], lane)?.collect();
    Ok(Queued::of(lanes?))
}

/// Queued rows whose set was made by other rules. Smaller or larger, because an index has no order for `<>`.
pub(super) fn stale(database: &Connection, rules: RulesVersion, bound: Bound) -> rusqlite::Result<Vec<Stale>> {
    let mut select = database.prepare_cached(
        "select e.id, uuid, name, size from envelope e join submission s on s.id = e.id join caller c on c.id = e.caller
         where e.id in (select id from envelope where state = 0 and rules < ?1
                        union all select id from envelope where state = 0 and rules > ?1 limit ?2)",
    )?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?));
    let rows: Result<Vec<_>, _> = select.query_map(params![rules.0, signed(bound.rows as u64)], row)?.collect();
    let mut left = Left::of(bound);
    let fitting = rows?.into_iter().take_while(|(.., size)| left.take(size.unsigned_abs()));
    let stale = |(row, id, caller, _): (RowId, _, String, _)| {
        Ok(Stale { row, id, caller: caller.as_str().into(), content: content::read(database, row)? })
    };
    fitting.map(stale).collect()
}

/// Rows that are claimed meanwhile keep their set: their claim goes by the present rules anyway.
pub(super) fn reroute(database: &Connection, rules: RulesVersion, sets: &[(RowId, RouteSet)]) -> rusqlite::Result<()> {
    let mut update =
        database.prepare_cached("update envelope set route_set = ?2, rules = ?3 where id = ?1 and state = 0")?;
    for (row, set) in sets {
        update.execute(params![row, names::route_set(database, set.as_str())?, rules.0])?;
    }
    Ok(())
}

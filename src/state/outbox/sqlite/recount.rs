//! Counts that do not say what the rows say, corrected.

use rusqlite::Connection;

use super::SqliteOutbox;
use crate::state::store::{Failed, Sqlite};

const STATES: &str = "insert into tally (state, route_set, upstream, rows, bytes)
    select state, route_set, upstream, sum(rows), sum(bytes) from (
        select state, route_set, upstream, count(*) as rows, sum(bytes) as bytes from placed group by 1, 2, 3
        union all select state, route_set, upstream, -rows, -bytes from tally
    ) where true group by 1, 2, 3 having sum(rows) <> 0 or sum(bytes) <> 0
    on conflict do update set rows = rows + excluded.rows, bytes = bytes + excluded.bytes";

const CALLERS: &str = "with counted as (
        select caller, count(*) as held, sum(size) as bytes from submission where content_key is not null group by caller
    ), truth as (
        select c.id, coalesce(n.held, 0) as held, coalesce(n.bytes, 0) as bytes
        from caller c left join counted n on n.caller = c.id
    )
    update caller set held = r.held, bytes = r.bytes from truth r
    where r.id = caller.id and (caller.held <> r.held or caller.bytes <> r.bytes)";

impl SqliteOutbox {
    /// Corrects counts that do not say what the rows say: how many that were.
    pub async fn recount(store: &Sqlite) -> Result<u64, Failed> {
        store.write(recount).await
    }
}

fn recount(database: &Connection) -> rusqlite::Result<u64> {
    Ok((database.execute(STATES, [])? + database.execute(CALLERS, [])?) as u64)
}

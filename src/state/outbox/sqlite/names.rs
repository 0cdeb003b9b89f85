//! Names that many rows share, by number.

use rusqlite::{Connection, OptionalExtension};

use crate::state::outbox::RouteSet;

/// The number of a caller, new where it is not known yet.
pub(super) fn caller(database: &Connection, name: &str) -> rusqlite::Result<i64> {
    database.prepare_cached("insert into caller (name) values (?1) on conflict do nothing")?.execute([name])?;
    database.prepare_cached("select id from caller where name = ?1")?.query_row([name], |row| row.get(0))
}

/// The number of a caller that has accepted something before.
pub(super) fn known_caller(database: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    database.prepare_cached("select id from caller where name = ?1")?.query_row([name], |row| row.get(0)).optional()
}

/// The number of a route set, new where it is not known yet.
pub(super) fn route_set(database: &Connection, names: &str) -> rusqlite::Result<i64> {
    database.prepare_cached("insert into route_set (names) values (?1) on conflict do nothing")?.execute([names])?;
    database.prepare_cached("select id from route_set where names = ?1")?.query_row([names], |row| row.get(0))
}

/// The numbers of those sets that are known.
pub(super) fn route_sets(database: &Connection, sets: &[RouteSet]) -> rusqlite::Result<Vec<i64>> {
    let mut find = database.prepare_cached("select id from route_set where names = ?1")?;
    let mut found = Vec::new();
    for set in sets {
        let id: Option<i64> = find.query_row([set.as_str()], |row| row.get(0)).optional()?;
        found.extend(id);
    }
    Ok(found)
}

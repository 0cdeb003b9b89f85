//! Names that many rows share, by number, and those of a mail.

use rusqlite::{Connection, OptionalExtension, Row};

use crate::model::caller::CallerName;
use crate::state::outbox::{NamedMail, RouteSet, RowId, State};

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

/// The mail that this column and the next one of a row name.
pub(super) fn named(row: &Row<'_>, column: usize, state: State) -> rusqlite::Result<NamedMail> {
    let caller: String = row.get(column + 1)?;
    Ok(NamedMail { id: row.get(column)?, caller: CallerName::from(&*caller), state })
}

/// The mail of this row.
pub(super) fn of_row(database: &Connection, id: RowId, state: State) -> rusqlite::Result<NamedMail> {
    let find = "select uuid, name from submission s join caller c on c.id = s.caller where s.id = ?1";
    database.prepare_cached(find)?.query_row([id], |row| named(row, 0, state))
}

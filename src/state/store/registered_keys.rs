//! The keys that a store was written with: one that is wrong or missing is found at the start, not at the first mail.

use rusqlite::Connection;

use super::keys::StoreKeys;
use super::open_error::OpenError;
use super::schema::Module;

const TABLE: &str = "create table if not exists store_key (
    id text not null primary key,
    check_value blob not null
) strict, without rowid";

/// Compares the keys with those that are known to the store, and makes it know new ones. A known one that is given no more
/// is forgotten where nothing needs it.
pub(super) fn check(database: &Connection, name: &str, keys: &StoreKeys, modules: &[Module]) -> Result<(), OpenError> {
    let failed = |error| OpenError::of_sqlite(name, error);
    database.execute_batch(TABLE).map_err(failed)?;
    for id in compare(database, name, keys, modules)? {
        database.execute("delete from store_key where id = ?1", [id]).map_err(failed)?;
    }
    for id in keys.ids() {
        let value = keys.check_value(id).unwrap_or_default();
        let write = "insert into store_key (id, check_value) values (?1, ?2) on conflict do nothing";
        database.execute(write, (id, value)).map_err(failed)?;
    }
    Ok(())
}

/// Compares the keys with those that are known to the store, and writes nothing. The names of known ones that are not
/// given, and that nothing needs.
pub(super) fn compare(
    database: &Connection,
    name: &str,
    keys: &StoreKeys,
    modules: &[Module],
) -> Result<Vec<String>, OpenError> {
    let failed = |error| OpenError::of_sqlite(name, error);
    let mut unused = Vec::new();
    for (id, value) in known(database).map_err(failed)? {
        match keys.check_value(&id) {
            Some(given) if given == value => {}
            Some(_) => return Err(OpenError::WrongKey(id)),
            None if is_used(database, &id, modules).map_err(failed)? => return Err(OpenError::MissingKey(id)),
            None => unused.push(id),
        }
    }
    Ok(unused)
}

fn known(database: &Connection) -> rusqlite::Result<Vec<(String, [u8; 32])>> {
    let mut select = database.prepare("select id, check_value from store_key")?;
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn is_used(database: &Connection, id: &str, modules: &[Module]) -> rusqlite::Result<bool> {
    for module in modules {
        if database.prepare(module.uses_key)?.exists([id])? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULES: [Module; 1] = [Module { name: "m", steps: &[], uses_key: "select 1 from used where id = ?1" }];

    fn check(database: &Connection, keys: &str) -> Result<(), OpenError> {
        super::check(database, "db", &StoreKeys::parse(keys).unwrap(), &MODULES)
    }

    #[test]
    fn a_wrong_key_and_a_missing_one_are_found_and_one_that_nothing_needs_is_forgotten() {
        let database = Connection::open_in_memory().unwrap();
        database.execute_batch("create table used (id text); insert into used values ('a')").unwrap();
        let [a, b, other_a] =
            [("a", "1"), ("b", "2"), ("a", "3")].map(|(id, digit)| format!("{id}:{}", digit.repeat(64)));
        check(&database, &a).unwrap();
        check(&database, &a).unwrap();
        assert!(matches!(check(&database, &other_a), Err(OpenError::WrongKey(id)) if id == "a"));
        assert!(matches!(check(&database, &b), Err(OpenError::MissingKey(id)) if id == "a"));
        check(&database, &format!("{b},{a}")).unwrap();
        database.execute_batch("delete from used").unwrap();
        check(&database, &b).unwrap();
        check(&database, &other_a).expect("the name is free again");
    }
}

//! Tables of the modules that keep something, and the steps that lead to them.
//!
//! Each module counts its own steps. A step never changes; what comes later is a further one. A step that only adds lets a
//! program of the version before go on with the database, which is how a node is rolled back.

use std::fmt;

use rusqlite::{Connection, OptionalExtension};

use super::open_error::OpenError;

/// A module with tables of its own.
#[derive(Clone, Copy)]
pub struct Module {
    /// Its name in the database.
    pub name: &'static str,
    /// What leads to its tables, the first step first.
    pub steps: &'static [Step],
    /// Selects a row if something was encrypted by the key of this name (`?1`).
    pub uses_key: &'static str,
}

/// One change of a module's tables.
#[derive(Clone, Copy)]
pub struct Step {
    /// What is done.
    pub sql: &'static str,
    /// The number of the oldest schema whose program can still work with the tables after that.
    pub works_with: u32,
}

/// Where a start has found the tables of a module, and where it has brought them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Whose tables.
    pub module: &'static str,
    /// The number of the last step before; 0: there were no tables.
    pub from: u32,
    /// And after.
    pub to: u32,
}

impl fmt::Display for Migrated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { module, from, to } = self;
        if from == to {
            write!(f, "{module}: schema {to}, nothing to do")
        } else {
            write!(f, "{module}: schema {from} -> {to}")
        }
    }
}

const SCHEMA: &str = "create table if not exists schema (
    module text not null primary key,
    version integer not null,
    works_with integer not null
) strict, without rowid";

/// Brings the tables of each module up to date; all of it or nothing, in the transaction of `database`.
pub(super) fn migrate(database: &Connection, name: &str, modules: &[Module]) -> Result<Vec<Migrated>, OpenError> {
    let failed = |error| OpenError::of_sqlite(name, error);
    database.execute_batch(SCHEMA).map_err(failed)?;
    let mut migrated = Vec::new();
    for module in modules {
        let found = version(database, module.name).map_err(failed)?;
        let (version, known) = (found.0, known(module, found)?);
        for (number, step) in (1..).zip(module.steps).skip(version as usize) {
            apply(database, module.name, number, *step).map_err(failed)?;
        }
        migrated.push(Migrated { module: module.name, from: version, to: version.max(known) });
    }
    Ok(migrated)
}

/// What [`migrate`] would do to the first module that is not up to date. Nothing is written.
pub(super) fn behind(database: &Connection, name: &str, modules: &[Module]) -> Result<Option<Migrated>, OpenError> {
    let failed = |error| OpenError::of_sqlite(name, error);
    let has_schema = database.table_exists(None, "schema").map_err(failed)?;
    for module in modules {
        let found = if has_schema { version(database, module.name).map_err(failed)? } else { (0, 0) };
        let known = known(module, found)?;
        if found.0 < known {
            return Ok(Some(Migrated { module: module.name, from: found.0, to: known }));
        }
    }
    Ok(None)
}

/// The number of its last step, if this program can work with what was found: the version, and with which it works.
fn known(module: &Module, (_, works_with): (u32, u32)) -> Result<u32, OpenError> {
    let known = u32::try_from(module.steps.len()).unwrap_or(u32::MAX);
    if works_with > known {
        return Err(OpenError::NewerSchema { module: module.name, found: works_with, known });
    }
    Ok(known)
}

fn version(database: &Connection, module: &str) -> rusqlite::Result<(u32, u32)> {
    let row = database.query_row("select version, works_with from schema where module = ?1", [module], |row| {
        Ok((row.get(0)?, row.get(1)?))
    });
    Ok(row.optional()?.unwrap_or_default())
}

fn apply(database: &Connection, module: &str, number: u32, step: Step) -> rusqlite::Result<()> {
    database.execute_batch(step.sql)?;
    let write = "insert into schema (module, version, works_with) values (?1, ?2, ?3)
        on conflict do update set version = excluded.version, works_with = excluded.works_with";
    database.execute(write, (module, number, step.works_with)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Step = Step { sql: "create table a (x integer) strict", works_with: 1 };
    const ADDS: Step = Step { sql: "create table b (x integer) strict", works_with: 1 };
    const BREAKS: Step = Step { sql: "drop table a", works_with: 3 };

    fn migrate(database: &Connection, steps: &'static [Step]) -> Result<Vec<Migrated>, OpenError> {
        super::migrate(database, "db", &[Module { name: "m", steps, uses_key: "select 1" }])
    }

    #[test]
    fn each_step_is_done_once_and_in_order() {
        let database = Connection::open_in_memory().unwrap();
        for steps in [&[FIRST][..], &[FIRST], &[FIRST, ADDS], &[FIRST, ADDS, BREAKS], &[FIRST, ADDS, BREAKS]] {
            migrate(&database, steps).unwrap();
        }
        assert_eq!(version(&database, "m").unwrap(), (3, 3));
        let told = migrate(&database, &[FIRST, ADDS, BREAKS]).unwrap();
        assert_eq!(told, [Migrated { module: "m", from: 3, to: 3 }]);
        assert_eq!(told[0].to_string(), "m: schema 3, nothing to do");
        assert_eq!(Migrated { from: 0, ..told[0] }.to_string(), "m: schema 0 -> 3");
    }

    #[test]
    fn a_look_tells_what_there_is_to_do_and_does_none_of_it() {
        let database = Connection::open_in_memory().unwrap();
        let behind = |steps| {
            super::behind(&database, "db", &[Module { name: "m", steps, uses_key: "select 1" }])
                .map(|behind| behind.map(|migrated| (migrated.from, migrated.to)))
        };
        assert_eq!(behind(&[FIRST]).unwrap(), Some((0, 1)));
        assert!(!database.table_exists(None, "schema").unwrap());
        migrate(&database, &[FIRST]).unwrap();
        assert_eq!(behind(&[FIRST]).unwrap(), None);
        assert_eq!(behind(&[FIRST, ADDS]).unwrap(), Some((1, 2)));
        migrate(&database, &[FIRST, ADDS]).unwrap();
        assert_eq!(behind(&[FIRST]).unwrap(), None, "a later version that has only added");
        migrate(&database, &[FIRST, ADDS, BREAKS]).unwrap();
        assert!(matches!(behind(&[FIRST]), Err(OpenError::NewerSchema { module: "m", found: 3, known: 1 })));
    }

    #[test]
    fn an_older_program_goes_on_after_a_step_that_adds_and_stops_at_one_that_breaks() {
        let database = Connection::open_in_memory().unwrap();
        migrate(&database, &[FIRST, ADDS]).unwrap();
        migrate(&database, &[FIRST]).unwrap();
        assert_eq!(version(&database, "m").unwrap(), (2, 1), "the older program has changed nothing");
        migrate(&database, &[FIRST, ADDS, BREAKS]).unwrap();
        let error = migrate(&database, &[FIRST]).unwrap_err();
        assert!(matches!(error, OpenError::NewerSchema { module: "m", found: 3, known: 1 }), "{error}");
    }
}

//! The tables of each module, brought to the version of this program at start, and the keys that they are written with.
//!
//! The rules are those of [`Module`]. A lock of the transaction lets one node migrate while the others wait, and no lock
//! outlives it. Where nothing is to be done, nothing is locked and nothing written.

use std::time::Duration;

use tokio_postgres::types::Type;

use super::super::keys::StoreKeys;
use super::super::open_error::OpenError;
use super::super::{Failed, Migrated, Module, Step};
use super::not_ready::{NotReady, refusal};
use super::pool::Pool;
use super::registered_keys;
use super::transaction::{Transaction, field};

/// How long a change of the schema may take, the wait for other nodes that make it included.
const MIGRATION: Duration = Duration::from_secs(300);

/// Any number that nobody else locks on this database.
const LOCK: &str = "select pg_advisory_xact_lock(5716023716455)";

/// For each table.
const LOCK_TIMEOUT: &str = "set local lock_timeout = '2s'";

const SCHEMA: &str = "create table if not exists smsp_schema (
    module text not null primary key,
    version integer not null,
    works_with integer not null
)";

/// Writes something that changes nothing.
pub(super) const WRITE: &str = "update smsp_schema set version = version";

/// Safe at several nodes at once.
pub(super) async fn run(pool: &Pool, modules: &[Module], keys: &StoreKeys) -> Result<Vec<Migrated>, NotReady> {
    let mut transaction = pool.begin(MIGRATION).await?;
    let current = are_current(&mut transaction, modules, keys).await;
    if let Some(current) = told(&transaction, current)? {
        transaction.end().await?;
        return Ok(current);
    }
    let migrated = migrate(&mut transaction, modules, keys).await;
    let migrated = told(&transaction, migrated)?;
    transaction.commit().await?;
    Ok(migrated)
}

/// Runs this while no node migrates.
pub(super) async fn alone<T>(
    pool: &Pool,
    work: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Failed>,
) -> Result<T, NotReady> {
    let mut transaction = pool.begin(MIGRATION).await?;
    transaction.batch(LOCK).await?;
    let done = work(&mut transaction).await.map_err(NotReady::from);
    let done = told(&transaction, done)?;
    transaction.commit().await?;
    Ok(done)
}

/// Says what the server refuses, if a statement failed for that.
pub(super) fn told<T>(transaction: &Transaction<'_>, result: Result<T, NotReady>) -> Result<T, NotReady> {
    match transaction.failure().and_then(refusal) {
        Some(refused) => Err(OpenError::Refused(refused).into()),
        None => result,
    }
}

async fn migrate(
    transaction: &mut Transaction<'_>,
    modules: &[Module],
    keys: &StoreKeys,
) -> Result<Vec<Migrated>, NotReady> {
    for sql in [LOCK, SCHEMA, registered_keys::TABLE] {
        transaction.batch(sql).await?;
    }
    // A change that waits for a table holds up all calls that come after it: better to try again.
    transaction.batch(LOCK_TIMEOUT).await?;
    let mut migrated = Vec::new();
    for module in modules {
        let found = version(transaction, module).await?;
        for (number, step) in (1..).zip(module.steps).skip(usize::try_from(found).unwrap_or(0)) {
            apply(transaction, module.name, number, step).await?;
        }
        migrated.push(told_of(module, found, found.max(known(module))));
    }
    // Another node may have registered other ones meanwhile.
    registered_keys::are_known(transaction, keys, modules).await?;
    registered_keys::register(transaction, keys).await?;
    Ok(migrated)
}

fn told_of(module: &Module, from: i32, to: i32) -> Migrated {
    Migrated { module: module.name, from: from.unsigned_abs(), to: to.unsigned_abs() }
}

/// The tables, if there is nothing to do.
async fn are_current(
    transaction: &mut Transaction<'_>,
    modules: &[Module],
    keys: &StoreKeys,
) -> Result<Option<Vec<Migrated>>, NotReady> {
    if !have_begun(transaction).await? {
        return Ok(None);
    }
    let mut current = Vec::new();
    for module in modules {
        let version = version(transaction, module).await?;
        if version < known(module) {
            return Ok(None);
        }
        current.push(told_of(module, version, version));
    }
    Ok(registered_keys::are_known(transaction, keys, modules).await?.then_some(current))
}

/// What [`run`] would do to the first module that is not up to date. Nothing is written.
pub(super) async fn behind(
    transaction: &mut Transaction<'_>,
    modules: &[Module],
) -> Result<Option<Migrated>, NotReady> {
    let have_begun = have_begun(transaction).await?;
    for module in modules {
        let version = if have_begun { version(transaction, module).await? } else { 0 };
        if version < known(module) {
            return Ok(Some(told_of(module, version, known(module))));
        }
    }
    Ok(None)
}

/// Are the tables there that every migration begins with?
async fn have_begun(transaction: &mut Transaction<'_>) -> Result<bool, NotReady> {
    let there = "select 1 where to_regclass('smsp_schema') is not null and to_regclass('smsp_store_key') is not null";
    Ok(!transaction.query(there, &[]).await?.is_empty())
}

/// The version that the database has; an error if this program cannot work with it.
async fn version(transaction: &mut Transaction<'_>, module: &Module) -> Result<i32, NotReady> {
    let sql = "select version, works_with from smsp_schema where module = $1";
    let rows = transaction.query(sql, &[(&module.name, Type::TEXT)]).await?;
    let Some(row) = rows.first() else { return Ok(0) };
    let (version, works_with): (i32, i32) = (field(row, 0)?, field(row, 1)?);
    let known = known(module);
    if works_with > known {
        let [found, known] = [works_with, known].map(i32::unsigned_abs);
        return Err(OpenError::NewerSchema { module: module.name, found, known }.into());
    }
    Ok(version)
}

fn known(module: &Module) -> i32 {
    i32::try_from(module.steps.len()).unwrap_or(i32::MAX)
}

async fn apply(transaction: &mut Transaction<'_>, module: &str, number: i32, step: &Step) -> Result<(), NotReady> {
    transaction.batch(step.sql).await?;
    let works_with = i32::try_from(step.works_with).unwrap_or(i32::MAX);
    let write = "insert into smsp_schema (module, version, works_with) values ($1, $2, $3)
        on conflict (module) do update set version = excluded.version, works_with = excluded.works_with";
    transaction.execute(write, &[(&module, Type::TEXT), (&number, Type::INT4), (&works_with, Type::INT4)]).await?;
    Ok(())
}

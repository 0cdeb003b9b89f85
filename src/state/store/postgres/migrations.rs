//! The tables of each module, brought to the version of this program at start.
//!
//! The rules are those of [`Module`]. A lock of the transaction lets one node migrate while the others wait, and no lock
//! outlives it. Where nothing is to be done, nothing is locked and nothing written.

use tokio_postgres::types::Type;

use super::super::{Module, Step};
use super::pool::Pool;
use super::transaction::{Transaction, field};
use super::{MIGRATION, NotReady};

/// Any number that nobody else locks on this database.
const LOCK: &str = "select pg_advisory_xact_lock(5716023716455)";

const SCHEMA: &str = "create table if not exists smsp_schema (
    module text not null primary key,
    version integer not null,
    works_with integer not null
)";

/// Safe at several nodes at once.
pub(super) async fn run(pool: &Pool, modules: &[Module]) -> Result<(), NotReady> {
    if are_current(pool, modules).await? {
        return Ok(());
    }
    let mut transaction = pool.begin(MIGRATION).await?;
    transaction.batch(LOCK).await?;
    transaction.batch(SCHEMA).await?;
    for module in modules {
        let found = version(&mut transaction, module).await?;
        for (number, step) in (1..).zip(module.steps).skip(usize::try_from(found).unwrap_or(0)) {
            apply(&mut transaction, module.name, number, step).await?;
        }
    }
    Ok(transaction.commit().await?)
}

/// Is there nothing to do?
async fn are_current(pool: &Pool, modules: &[Module]) -> Result<bool, NotReady> {
    let mut transaction = pool.begin(MIGRATION).await?;
    let there = transaction.query("select 1 where to_regclass('smsp_schema') is not null", &[]).await?;
    let mut current = !there.is_empty();
    for module in modules.iter().filter(|_| !there.is_empty()) {
        current &= version(&mut transaction, module).await? >= known(module);
    }
    transaction.commit().await?;
    Ok(current)
}

/// The version that the database has; an error if this program cannot work with it.
async fn version(transaction: &mut Transaction<'_>, module: &Module) -> Result<i32, NotReady> {
    let sql = "select version, works_with from smsp_schema where module = $1";
    let rows = transaction.query(sql, &[(&module.name, Type::TEXT)]).await?;
    let Some(row) = rows.first() else { return Ok(0) };
    let (version, works_with): (i32, i32) = (field(row, 0)?, field(row, 1)?);
    let known = known(module);
    if works_with > known {
        return Err(NotReady::NewerSchema { module: module.name, found: works_with, known });
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

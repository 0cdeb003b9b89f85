//! The keys that a database was written with: one that is wrong or missing is found at the start, not at the first mail.
//!
//! A key is never forgotten here, unlike in a store of one process: another node may be about to write with it. So each new
//! key needs a new name.

use tokio_postgres::types::Type;

use super::super::keys::StoreKeys;
use super::super::open_error::OpenError;
use super::super::{Failed, Module};
use super::not_ready::NotReady;
use super::transaction::{Transaction, field};

pub(super) const TABLE: &str = "create table if not exists smsp_store_key (
    id text not null primary key,
    check_value bytea not null
)";

/// Compares the keys with those that are known to the store. False: it does not know all of them.
pub(super) async fn are_known(
    transaction: &mut Transaction<'_>,
    keys: &StoreKeys,
    modules: &[Module],
) -> Result<bool, NotReady> {
    let rows = transaction.query("select id, check_value from smsp_store_key", &[]).await?;
    let known: Result<Vec<(String, Vec<u8>)>, Failed> =
        rows.iter().map(|row| Ok((field(row, 0)?, field(row, 1)?))).collect();
    let known = known?;
    for (id, value) in &known {
        match keys.check_value(id) {
            Some(given) if given[..] == value[..] => {}
            Some(_) => return Err(OpenError::WrongKey(id.clone()).into()),
            None if is_used(transaction, id, modules).await? => return Err(OpenError::MissingKey(id.clone()).into()),
            None => {}
        }
    }
    Ok(keys.ids().all(|id| known.iter().any(|(known, _)| known == id)))
}

/// Makes the store know them.
pub(super) async fn register(transaction: &mut Transaction<'_>, keys: &StoreKeys) -> Result<(), Failed> {
    for id in keys.ids() {
        let value = keys.check_value(id).unwrap_or_default();
        let write = "insert into smsp_store_key (id, check_value) values ($1, $2) on conflict do nothing";
        transaction.execute(write, &[(&id, Type::TEXT), (&&value[..], Type::BYTEA)]).await?;
    }
    Ok(())
}

async fn is_used(transaction: &mut Transaction<'_>, id: &str, modules: &[Module]) -> Result<bool, Failed> {
    for module in modules {
        if !transaction.query(module.uses_key, &[(&id, Type::TEXT)]).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

//! The tables of a database that is in use: are those still there that were found at first?

use tokio_postgres::types::Type;

use super::not_ready::NotReady;
use super::pool::Pool;
use super::transaction::field;

/// All of ours begin alike.
const FIND: &str = "select relname::text from pg_class
    where relkind in ('r', 'p') and starts_with(relname::text, 'smsp_') and pg_table_is_visible(oid)";

/// The user owns them, so it may do all of this.
const MISSING: &str = "select name from unnest($1) name where not coalesce(
        has_table_privilege(to_regclass(name), 'select') and has_table_privilege(to_regclass(name), 'insert')
        and has_table_privilege(to_regclass(name), 'update') and has_table_privilege(to_regclass(name), 'delete'), false)";

/// The names of those that there are.
pub(super) async fn find(pool: &Pool) -> Result<Vec<String>, NotReady> {
    let mut transaction = pool.begin(pool.deadlines.statement).await?;
    let rows = transaction.query(FIND, &[]).await?;
    let names = rows.iter().map(|row| field(row, 0)).collect::<Result<_, _>>()?;
    transaction.end().await?;
    Ok(names)
}

/// Are all of these there, and may they be used?
pub(super) async fn are_whole(pool: &Pool, names: &[String]) -> Result<bool, NotReady> {
    let mut transaction = pool.begin(pool.deadlines.statement).await?;
    let missing = transaction.query(MISSING, &[(&names, Type::TEXT_ARRAY)]).await?;
    transaction.end().await?;
    Ok(missing.is_empty())
}

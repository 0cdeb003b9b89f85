//! The tables and functions of a database that is in use: are those still there that were found at first, and may they be
//! used?
//!
//! Deliberately absent: sequences. Those of identity columns need no right of their own.

use std::collections::BTreeSet;

use tokio_postgres::types::Type;

use super::not_ready::NotReady;
use super::transaction::{Transaction, field};

/// The columns of tables, and functions: all of ours begin alike. `$1`: only those that may be used.
const FIND: &str = "select name from (
        select format('%s.%s', relname, attname) as name,
            has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert')
            and has_table_privilege(c.oid, 'update') and has_table_privilege(c.oid, 'delete') as is_usable
        from pg_class c join pg_attribute on attrelid = c.oid
        where relkind in ('r', 'p') and starts_with(relname::text, 'smsp_') and pg_table_is_visible(c.oid)
            and attnum > 0 and not attisdropped
        union all
        select oid::regprocedure::text, has_function_privilege(oid, 'execute')
        from pg_proc where starts_with(proname::text, 'smsp_') and pg_function_is_visible(oid)
    ) found where coalesce(is_usable, false) or not $1";

/// The names of those that there are, or of those alone that may be used.
pub(super) async fn find(mut transaction: Transaction<'_>, only_usable: bool) -> Result<BTreeSet<String>, NotReady> {
    let rows = transaction.query(FIND, &[(&only_usable, Type::BOOL)]).await?;
    let names = rows.iter().map(|row| field(row, 0)).collect::<Result<_, _>>()?;
    transaction.end().await?;
    Ok(names)
}

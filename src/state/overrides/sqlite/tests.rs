//! Orders in a SQLite store: what every store has to do.

use super::*;
use crate::state::audit::{self, SqliteAudit};
use crate::state::overrides::suite::{Bench, conformance};
use crate::state::store::released::{only_add_to, sqlite_columns};

async fn start() -> Option<Bench> {
    let (store, advance) = audit::sqlite::tests::store(&[audit::TABLES, TABLES]);
    let audit = Arc::new(SqliteAudit::new(Arc::clone(&store)));
    Some(Bench { overrides: Arc::new(SqliteOverrides::new(store)), audit, advance })
}

conformance!(start);

#[tokio::test]
async fn tables_only_add_to_those_of_the_release() {
    let (store, _) = audit::sqlite::tests::store(&[audit::TABLES, TABLES]);
    only_add_to("overrides/sqlite/tables.golden", &store.read(sqlite_columns).await.unwrap());
}

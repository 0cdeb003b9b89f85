//! Orders in a SQLite store: what every store has to do.

use super::*;
use crate::state::audit::{self, SqliteAudit};
use crate::state::overrides::suite::{Bench, conformance};

async fn start() -> Option<Bench> {
    let (store, advance) = audit::sqlite::tests::store(&[audit::TABLES, TABLES]);
    let audit = Arc::new(SqliteAudit::new(Arc::clone(&store)));
    Some(Bench { overrides: Arc::new(SqliteOverrides::new(store)), audit, advance })
}

conformance!(start);

//! The audit log on a real PostgreSQL: what every store has to do.

use super::*;
use crate::state::audit::suite::{Advance, Bench, conformance};
use crate::state::store::postgres::tests::postmaster::Postmaster;
use crate::state::store::postgres::tests::{self, migrate};
use crate::state::store::released::{only_add_to, postgres_columns};

/// A database with the tables of these modules, and what lets its time pass.
pub(in crate::state) async fn prepared(url: &str, modules: &[Module]) -> (Arc<Database>, Advance) {
    let database = Arc::new(tests::database(url));
    migrate(&database, modules).await.expect("tables");
    for sql in [
        "create table if not exists test_clock (at bigint)",
        "insert into test_clock select 1800000000000 where not exists (select from test_clock)",
        "create or replace function smsp_now() returns bigint language sql stable return (select at from test_clock)",
    ] {
        change(&database, sql, &[]).await;
    }
    let clock = Arc::clone(&database);
    let advance = move |time: Duration| {
        let clock = Arc::clone(&clock);
        let advanced: futures_util::future::BoxFuture<'static, ()> = Box::pin(async move {
            change(&clock, "update test_clock set at = at + $1", &[(&span(time), Type::INT8)]).await;
        });
        advanced
    };
    (database, Box::new(advance))
}

async fn change(database: &Database, sql: &str, parameters: &[Parameter<'_>]) {
    let mut transaction = database.begin().await.expect("a transaction");
    transaction.execute(sql, parameters).await.expect("a change");
    transaction.commit().await.expect("it is there");
}

async fn start() -> Option<Bench> {
    let server = Postmaster::shared()?;
    let (database, advance) = prepared(&server.url(&server.database().await), &[TABLES]).await;
    let writing = Arc::clone(&database);
    let write = move |age, entry| {
        let database = Arc::clone(&writing);
        let written: futures_util::future::BoxFuture<'static, _> = Box::pin(async move {
            let mut transaction = database.begin().await?;
            let written = write(&mut transaction, age, &entry).await?;
            transaction.commit().await?;
            Ok(written)
        });
        written
    };
    Some(Bench { audit: Arc::new(PostgresAudit::new(database)), write: Box::new(write), advance })
}

conformance!(start);

#[tokio::test]
async fn tables_only_add_to_those_of_the_release() {
    let Some(server) = Postmaster::shared() else { return };
    let database = tests::database(&server.url(&server.database().await));
    migrate(&database, &[TABLES]).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    only_add_to("audit/postgres/tables.golden", &postgres_columns(&mut transaction).await);
}

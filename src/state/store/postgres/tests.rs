//! The store on a real PostgreSQL, with its faults.

#[path = "../../../../functional_tests/harness/bouncer.rs"]
pub(crate) mod bouncer;
mod failover;
mod faults;
mod opening;
mod pools;
#[path = "../../../../functional_tests/harness/postmaster.rs"]
pub(crate) mod postmaster;
#[path = "../../../../functional_tests/harness/processes.rs"]
mod processes;
#[path = "../../../../functional_tests/harness/cutting_proxy.rs"]
pub(crate) mod proxy;
mod schema;
#[path = "../../../../functional_tests/harness/skip.rs"]
mod skip;
mod transactions;
mod verified_tls;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_postgres::types::Type;

use super::deadlines::Deadlines;
use super::{Database, Parameter, Server, Start, Transaction, field, migrations};
use crate::state::store::{Failed, Module, StoreKeys};

const KEY: &str = "a:1111111111111111111111111111111111111111111111111111111111111111";
const INSERT: &str = "insert into t (x) values ($1)";

pub(crate) fn database(url: &str) -> Database {
    with_deadlines(url, Deadlines::USUAL)
}

fn with_deadlines(url: &str, deadlines: Deadlines) -> Database {
    of_server(Server::read(url, None).expect("a URL of a test is one"), deadlines)
}

/// One whose tables are the test's.
fn of_server(server: Server, deadlines: Deadlines) -> Database {
    let database = Database::new(start(server, KEY, &[]), deadlines);
    database.prepared.store(true, Ordering::Relaxed);
    database
}

fn start(server: Server, keys: &str, modules: &'static [Module]) -> Start {
    let keys = Arc::new(StoreKeys::parse(keys).expect("keys of a test are some"));
    Start { server, keys, modules, metrics: Arc::default(), restarts: Arc::default() }
}

/// Brings the tables of these modules into a database.
pub(crate) async fn migrate(database: &Database, modules: &[Module]) -> Result<(), String> {
    let done = migrations::run(&database.pool, modules, &database.keys).await;
    done.map(drop).map_err(|error| format!("{error:?}"))
}

/// So short that a test can wait for them, and long enough for a busy machine.
const SHORT: Deadlines = Deadlines {
    place: Duration::from_millis(500),
    connect: Duration::from_millis(2500),
    statement: Duration::from_millis(1500),
    way: Duration::from_millis(500),
    idle: Duration::from_millis(500),
};

fn number(number: &i32) -> [Parameter<'_>; 1] {
    [(number, Type::INT4)]
}

/// A table of one column.
async fn table(database: &Database) {
    let mut transaction = database.begin().await.expect("a transaction");
    transaction.batch("create table t (x int unique)").await.expect("a table");
    transaction.commit().await.expect("it is there");
}

async fn insert(database: &Database, value: i32) -> Result<(), Failed> {
    let mut transaction = database.begin().await?;
    transaction.execute(INSERT, &number(&value)).await?;
    transaction.commit().await
}

async fn values(database: &Database) -> Result<Vec<i32>, Failed> {
    let mut transaction = database.begin().await?;
    let rows = transaction.query("select x from t order by x", &[]).await?;
    let values = rows.iter().map(|row| field(row, 0)).collect();
    transaction.commit().await?;
    values
}

async fn word(transaction: &mut Transaction<'_>, sql: &str) -> String {
    let rows = transaction.query(sql, &[]).await.expect("an answer");
    field(&rows[0], 0).expect("a text")
}

//! The records on a real PostgreSQL: what every store has to do, by two nodes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{PostgresAnswers, TABLES, span};
use crate::state::answers::stored::StoredAnswers;
use crate::state::answers::suite::bench::{Bench, Time};
use crate::state::answers::suite::conformance;
use crate::state::store::postgres::Database;
use crate::state::store::postgres::tests::postmaster::Postmaster;
use crate::state::store::postgres::tests::{database, migrate};
use crate::state::store::released::{only_add_to, postgres_columns};

conformance!(start);

#[tokio::test]
async fn tables_only_add_to_those_of_the_release() {
    let Some(server) = Postmaster::shared() else { return };
    let database = database(&server.url(&server.database().await));
    migrate(&database, &[TABLES]).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    only_add_to("answers/postgres/tables.golden", &postgres_columns(&mut transaction).await);
}

#[tokio::test]
async fn what_is_known_of_a_mail_waits_for_no_list() {
    let Some(server) = Postmaster::shared() else { return };
    let database = Arc::new(database(&server.url(&server.database().await)));
    migrate(&database, &[TABLES]).await.unwrap();
    let lists = [database.begin_to_list().await, database.begin_to_list().await];
    let answers = PostgresAnswers::new(Arc::clone(&database));
    tokio::select! {
        biased;
        _ = database.begin_to_list() => panic!("a list is one more"),
        seen = answers.look("shop".into(), Uuid::from_u128(1).into()) => assert_eq!(seen, Ok(None)),
    }
    drop(lists);
}

async fn start() -> Option<Bench> {
    let server = Postmaster::shared()?;
    let url = server.url(&server.database().await);
    let nodes = [Arc::new(database(&url)), Arc::new(database(&url))];
    for node in &nodes {
        migrate(node, &[TABLES]).await.expect("tables");
    }
    let time = DatabaseTime(Arc::clone(&nodes[0]));
    time.write("create table test_clock (at bigint)", None).await;
    time.write("insert into test_clock values ($1)", Some(1_800_000_000_000)).await;
    let clock = "create or replace function smsp_answers_now() returns bigint language sql stable
        return (select at from test_clock)";
    time.write(clock, None).await;
    let nodes = nodes.into_iter().map(|node| Arc::new(PostgresAnswers::new(node)) as Arc<dyn StoredAnswers>);
    Some(Bench { nodes: nodes.collect(), time: Box::new(time), _kept: Box::new(()) })
}

/// The clock of the database, which is the test's.
struct DatabaseTime(Arc<Database>);

impl DatabaseTime {
    async fn write(&self, sql: &str, value: Option<i64>) {
        let mut transaction = self.0.begin().await.expect("a transaction");
        match &value {
            Some(value) => transaction.execute(sql, &[(value, Type::INT8)]).await,
            None => transaction.execute(sql, &[]).await,
        }
        .expect("a change");
        transaction.commit().await.expect("it is there");
    }
}

impl Time for DatabaseTime {
    fn advance(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(self.write("update test_clock set at = at + $1", Some(span(time))))
    }
}

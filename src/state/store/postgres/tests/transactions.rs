//! Transactions: what they leave, how many there are, and that they share nothing behind PgBouncer.

use std::pin::pin;

use futures_util::future::{join_all, try_join_all};

use super::bouncer::Bouncer;
use super::postmaster::Postmaster;
use super::{INSERT, SHORT, database, insert, number, table, values, with_deadlines, word};
use crate::state::store::Failed;

#[tokio::test]
async fn a_dropped_transaction_and_one_with_a_failed_statement_leave_nothing() {
    let Some(server) = Postmaster::shared() else { return };
    let database = database(&server.url(&server.database().await));
    table(&database).await;
    let mut dropped = database.begin().await.unwrap();
    dropped.execute(INSERT, &number(&1)).await.unwrap();
    drop(dropped);
    let mut failed = database.begin().await.unwrap();
    failed.execute(INSERT, &number(&2)).await.unwrap();
    assert_eq!(failed.execute(INSERT, &number(&2)).await, Err(Failed::Down));
    assert_eq!(failed.commit().await, Err(Failed::Down));
    insert(&database, 3).await.unwrap();
    assert_eq!(values(&database).await, Ok(vec![3]));
}

#[tokio::test]
async fn a_node_has_four_connections_and_the_fifth_transaction_waits_for_one() {
    let Some(server) = Postmaster::shared() else { return };
    let name = server.database().await;
    let database = database(&server.url(&name));
    table(&database).await;
    for result in join_all((0..40).map(|value| insert(&database, value))).await {
        assert_eq!(result, Ok(()));
    }
    let mut open = try_join_all((0..4).map(|_| database.begin())).await.unwrap();
    let sql = format!("select count(*)::text from pg_stat_activity where datname = '{name}'");
    let mut fifth = pin!(database.begin());
    tokio::select! {
        biased;
        fifth = &mut fifth => panic!("it has a connection: {}", fifth.is_ok()),
        connections = word(&mut open[0], &sql) => assert_eq!(connections, "4"),
    }
    drop(open.pop());
    assert!(fifth.await.is_ok());
}

#[tokio::test]
async fn signs_of_life_have_a_connection_of_their_own_and_no_free_one_is_no_database_that_is_down() {
    let Some(server) = Postmaster::shared() else { return };
    let database = with_deadlines(&server.url(&server.database().await), SHORT);
    let open = try_join_all((0..4).map(|_| database.begin())).await.unwrap();
    assert_eq!(database.begin().await.err(), Some(Failed::Down), "all are in use");
    assert!(database.is_up(), "nobody has asked the database");
    let sign = database.begin_reserved().await.unwrap();
    assert_eq!(database.begin_reserved().await.err(), Some(Failed::Down), "there is one");
    assert!(database.is_up());
    drop((sign, open));
}

#[tokio::test]
async fn settings_end_with_their_transaction_and_many_share_two_connections_behind_pgbouncer() {
    let Some(server) = Postmaster::shared() else { return };
    let Some(bouncer) = Bouncer::before(server) else { return };
    let name = server.database().await;
    let nodes: Vec<_> = (0..4).map(|_| database(&bouncer.url(&name))).collect();
    table(&nodes[0]).await;
    let inserted = join_all((0..200).map(|value| insert(&nodes[value as usize % 4], value))).await;
    assert!(inserted.iter().all(Result::is_ok), "{inserted:?}");
    assert_eq!(values(&nodes[0]).await.map(|values| values.len()), Ok(200));
    let mut transaction = nodes[1].begin().await.unwrap();
    assert_eq!(word(&mut transaction, "show statement_timeout").await, "10s");
    transaction.commit().await.unwrap();
    let (other, connection) = tokio_postgres::connect(&bouncer.url(&name), tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let rows = other.query_typed("show statement_timeout", &[]).await.unwrap();
    assert_eq!(rows[0].get::<_, &str>(0), "0", "a setting of ours has stayed at the connection");
    drop(other);
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_database_that_answers_before_it_has_written_does_not_do_so_to_us() {
    let Some(server) = Postmaster::shared() else { return };
    let name = server.database().await;
    let alter = format!("alter database {name} set synchronous_commit = off");
    let database = database(&server.url(&name));
    let mut transaction = database.begin().await.unwrap();
    transaction.batch(&alter).await.unwrap();
    transaction.commit().await.unwrap();
    let fresh = super::database(&server.url(&name));
    let mut transaction = fresh.begin().await.unwrap();
    assert_eq!(word(&mut transaction, "show synchronous_commit").await, "on");
    assert_eq!(
        word(&mut transaction, "select reset_val from pg_settings where name = 'synchronous_commit'").await,
        "off"
    );
}

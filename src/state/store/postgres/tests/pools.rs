//! The connections of a node beside each other: those that work, those of them for looks, and the reserved one.

use super::postmaster::Postmaster;
use super::{SHORT, database, with_deadlines};
use crate::state::store::Failed;

#[tokio::test]
async fn a_reserved_connection_that_cannot_be_made_says_nothing_of_those_that_work() {
    let Some(server) = Postmaster::shared() else { return };
    let name = server.database().await;
    server.sql(&name, &format!("create role one_of_{name} login connection limit 1")).await;
    let database = database(&server.url(&name).replace("user=smsp", &format!("user=one_of_{name}")));
    database.begin().await.expect("the only connection").end().await.expect("it is kept");
    assert_eq!(database.begin_reserved().await.err(), Some(Failed::Down), "there is none more");
    assert!(database.is_up());
    assert_eq!(database.try_to_read().await, Ok(()));
    assert!(database.is_up());
}

#[tokio::test]
async fn connections_that_work_and_are_all_taken_say_nothing_unless_the_reserved_one_is_silent_too() {
    let Some(server) = Postmaster::start() else { return };
    let database = with_deadlines(&server.url(&server.database().await), SHORT);
    let taken = [database.begin().await, database.begin().await, database.begin().await, database.begin().await];
    assert!(taken.iter().all(Result::is_ok));
    assert_eq!(database.try_to_read().await, Ok(()));
    assert!(database.is_up());
    server.kill();
    assert_eq!(database.try_to_read().await, Err(Failed::Down));
    assert!(!database.is_up());
    drop(taken);
    server.restart();
    assert_eq!(database.try_to_read().await, Ok(()));
    assert!(database.is_up());
}

#[tokio::test]
async fn looks_leave_connections_to_what_is_written() {
    let Some(server) = Postmaster::shared() else { return };
    let database = with_deadlines(&server.url(&server.database().await), SHORT);
    let looks = [database.begin_to_read().await, database.begin_to_read().await];
    assert!(looks.iter().all(Result::is_ok));
    assert_eq!(database.begin_to_read().await.err(), Some(Failed::Down), "no place for a third one");
    let writes = [database.begin().await, database.begin().await];
    assert!(writes.iter().all(Result::is_ok));
    drop(looks);
    assert!(database.begin_to_read().await.is_ok());
}

#[tokio::test]
async fn a_failure_of_the_machine_is_looked_at_without_waiting() {
    let Some(server) = Postmaster::shared() else { return };
    let database = database(&server.url(&server.database().await));
    let mut transaction = database.begin().await.expect("a transaction");
    let fails = "do $$ begin raise exception 'no memory' using errcode = '53200'; end $$";
    assert_eq!(transaction.batch(fails).await, Err(Failed::Down));
    assert!(!database.is_up());
    database.health.has_failed().await;
}

#[tokio::test]
async fn a_database_that_did_not_answer_is_looked_at_without_waiting() {
    let Some(server) = Postmaster::start() else { return };
    let database = database(&server.url(&server.database().await));
    assert_eq!(database.try_to_read().await, Ok(()));
    server.kill();
    assert_eq!(database.begin().await.err(), Some(Failed::Down));
    assert!(!database.is_up());
    let woken = tokio::time::timeout(std::time::Duration::from_secs(30), database.health.has_failed());
    assert!(woken.await.is_ok(), "else nobody looks for five seconds");
}

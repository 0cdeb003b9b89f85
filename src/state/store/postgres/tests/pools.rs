//! The connections of a node beside each other: those that work, those of them for looks, and the reserved one.

use std::time::Duration;

use tokio_postgres::error::SqlState;

use super::postmaster::Postmaster;
use super::{Database, Deadlines, SHORT, database, with_deadlines};
use crate::state::store::Failed;

/// As [`SHORT`], but what waits in a transaction is not ended.
const PATIENT: Deadlines = Deadlines { idle: Duration::from_secs(60), ..SHORT };

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
async fn lists_leave_connections_to_what_is_written_and_to_looks_at_one_row() {
    let Some(server) = Postmaster::shared() else { return };
    let database = with_deadlines(&server.url(&server.database().await), PATIENT);
    let lists = [database.begin_to_list().await, database.begin_to_list().await];
    assert!(lists.iter().all(Result::is_ok));
    assert_eq!(database.begin_to_list().await.err(), Some(Failed::Down), "no place for a third one");
    let others = [database.begin_to_look_up().await, database.begin().await];
    assert!(others.iter().all(Result::is_ok));
    drop(lists);
    assert!(database.begin_to_list().await.is_ok());
}

#[tokio::test]
async fn looks_at_one_row_leave_connections_to_what_is_written() {
    let Some(server) = Postmaster::shared() else { return };
    let database = with_deadlines(&server.url(&server.database().await), PATIENT);
    let looks = [database.begin_to_look_up().await, database.begin_to_look_up().await];
    assert!(looks.iter().all(Result::is_ok));
    assert_eq!(database.begin_to_look_up().await.err(), Some(Failed::Down), "no place for a third one");
    assert!(database.begin().await.is_ok());
}

#[tokio::test]
async fn a_transaction_that_the_server_lets_not_in_waits_for_the_end_of_another() {
    let Some((database, _server)) = with_room_for_four().await else { return };
    let _reserved = database.begin_reserved().await.expect("one");
    let mut taken = vec![database.begin().await, database.begin().await, database.begin().await];
    assert!(taken.iter().all(Result::is_ok));
    assert_eq!(database.begin().await.err(), Some(Failed::Down), "there is none in time");
    assert!(database.is_up(), "three of them work");
    let one = taken.pop().and_then(Result::ok).expect("the third");
    let (begun, ended) = tokio::join!(biased; database.begin(), one.end());
    assert!(begun.is_ok() && ended.is_ok());
    // What is in doubt is dropped, which makes room at the server.
    drop(begun);
    assert!(database.begin().await.is_ok());
    assert!(database.is_up());
}

#[tokio::test]
async fn a_server_that_lets_no_more_in_says_nothing_while_all_connections_are_taken() {
    let Some((database, server)) = with_room_for_four().await else { return };
    let taken = [database.begin().await, database.begin().await, database.begin().await, database.begin().await];
    assert!(taken.iter().all(Result::is_ok));
    assert_eq!(database.try_to_read().await, Err(Failed::Down));
    assert!(database.is_up(), "it has answered by a refusal");
    server.kill();
    assert_eq!(database.try_to_read().await, Err(Failed::Down));
    assert!(!database.is_up(), "it cannot be reached");
}

#[tokio::test]
async fn a_reserved_connection_that_is_taken_says_nothing() {
    let Some(server) = Postmaster::shared() else { return };
    let database = with_deadlines(&server.url(&server.database().await), PATIENT);
    let taken = [database.begin().await, database.begin().await, database.begin().await, database.begin().await];
    let reserved = database.begin_reserved().await;
    assert!(taken.iter().chain([&reserved]).all(Result::is_ok));
    assert_eq!(database.try_to_read().await, Err(Failed::Down));
    assert!(database.is_up());
}

#[tokio::test]
async fn what_was_wrong_is_looked_at_on_a_connection_that_works_where_the_reserved_one_cannot_be_made() {
    let Some((database, _server)) = with_room_for_four().await else { return };
    database.prepare().await.expect("tables");
    let taken = [database.begin().await, database.begin().await, database.begin().await, database.begin().await];
    for one in taken {
        one.expect("one of four").end().await.expect("it is kept");
    }
    assert_eq!(database.begin_reserved().await.err(), Some(Failed::Down), "there is none more");
    database.health.failed(&SqlState::DISK_FULL);
    assert!(!database.is_up());
    database.try_to_write().await.expect("it writes");
    assert!(database.is_up());
    database.health.failed(&SqlState::UNDEFINED_TABLE);
    assert!(!database.is_up());
    database.look_for_tables().await.expect("a look");
    assert!(database.is_up());
}

/// A database, by short deadlines, for a user of which the server lets four connections in.
async fn with_room_for_four() -> Option<(Database, Postmaster)> {
    let server = Postmaster::start()?;
    let name = server.database().await;
    server.sql(&name, "create role four login connection limit 4; grant create on schema public to four").await;
    Some((with_deadlines(&server.url(&name).replace("user=smsp", "user=four"), PATIENT), server))
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
    let woken = tokio::time::timeout(Duration::from_secs(30), database.health.has_failed());
    assert!(woken.await.is_ok(), "else nobody looks for five seconds");
}

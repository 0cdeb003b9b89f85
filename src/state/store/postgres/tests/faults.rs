//! A database that is killed, silent or slow, and an answer that is lost.

use super::postmaster::Postmaster;
use super::proxy::{Fault, Proxy};
use super::{INSERT, SHORT, database, insert, number, table, values, with_deadlines};
use crate::state::store::Failed;

#[tokio::test]
async fn a_commit_without_an_answer_is_unclear_whether_it_was_carried_out_or_not() {
    let Some(server) = Postmaster::shared() else { return };
    let proxy = Proxy::before(server).await;
    let name = server.database().await;
    let behind = database(&proxy.url("127.0.0.1", &name));
    table(&behind).await;
    for (fault, value) in [(Fault::LoseAnswer, 1), (Fault::LoseCommit, 2)] {
        let mut transaction = behind.begin().await.unwrap();
        transaction.execute(INSERT, &number(&value)).await.unwrap();
        proxy.set(fault);
        assert_eq!(transaction.commit().await, Err(Failed::Unclear));
        assert!(proxy.has(Fault::None));
    }
    assert_eq!(values(&behind).await, Ok(vec![1]), "it heals, and the first one was carried out");
}

#[tokio::test]
async fn a_killed_database_is_down_and_back_as_soon_as_it_runs() {
    let Some(server) = Postmaster::start() else { return };
    let database = database(&server.url(&server.database().await));
    table(&database).await;
    let mut open = database.begin().await.unwrap();
    open.execute(INSERT, &number(&1)).await.unwrap();
    insert(&database, 2).await.unwrap();
    server.kill();
    assert_eq!(insert(&database, 3).await, Err(Failed::Down));
    server.restart();
    assert_eq!(open.commit().await, Err(Failed::Unclear), "the connection is gone");
    assert_eq!(values(&database).await, Ok(vec![2]), "what was committed, and nothing else");
}

#[tokio::test]
async fn a_silent_database_is_down_within_the_deadlines() {
    let Some(server) = Postmaster::shared() else { return };
    let proxy = Proxy::before(server).await;
    let behind = with_deadlines(&proxy.url("127.0.0.1", &server.database().await), SHORT);
    table(&behind).await;
    let (mut early, mut late) = (behind.begin().await.unwrap(), behind.begin().await.unwrap());
    late.execute(INSERT, &number(&1)).await.unwrap();
    proxy.set(Fault::Swallow);
    assert_eq!(early.execute(INSERT, &number(&2)).await, Err(Failed::Down));
    assert_eq!(late.commit().await, Err(Failed::Unclear));
    assert_eq!(behind.begin().await.err(), Some(Failed::Down), "no connection in time");
    proxy.set(Fault::None);
    assert_eq!(values(&behind).await, Ok(vec![]));
}

#[tokio::test]
async fn a_stopped_database_is_down_within_the_deadlines_and_back_when_it_goes_on() {
    let Some(server) = Postmaster::start() else { return };
    let database = with_deadlines(&server.url(&server.database().await), SHORT);
    table(&database).await;
    insert(&database, 1).await.unwrap();
    server.pause();
    assert_eq!(insert(&database, 2).await, Err(Failed::Down));
    server.resume();
    insert(&database, 3).await.unwrap();
    assert_eq!(values(&database).await, Ok(vec![1, 3]));
}

#[tokio::test]
async fn a_statement_that_waits_too_long_ends_and_a_transaction_that_waits_frees_its_rows() {
    let Some(server) = Postmaster::shared() else { return };
    let url = server.url(&server.database().await);
    let (short, database) = (with_deadlines(&url, SHORT), database(&url));
    table(&database).await;
    insert(&database, 1).await.unwrap();
    let mut first = short.begin().await.unwrap();
    first.execute("update t set x = 2 where x = $1", &number(&1)).await.unwrap();
    // It waits for the row of the first one, which the database ends before long.
    let mut second = database.begin().await.unwrap();
    assert_eq!(second.execute("update t set x = 3 where x = $1", &number(&1)).await, Ok(1));
    assert_eq!(first.commit().await, Err(Failed::Unclear), "its connection has ended");
    second.commit().await.unwrap();
    let mut slow = short.begin().await.unwrap();
    assert!(slow.query("select pg_sleep(60)::text", &[]).await.is_err());
    assert_eq!(values(&database).await, Ok(vec![3]));
}

#[tokio::test]
async fn a_slow_database_is_down_within_the_deadlines_and_back_once_it_is_fast() {
    let Some(server) = Postmaster::shared() else { return };
    let proxy = Proxy::before(server).await;
    let behind = with_deadlines(&proxy.url("127.0.0.1", &server.database().await), SHORT);
    table(&behind).await;
    let mut begun = behind.begin().await.unwrap();
    proxy.set(Fault::Delay);
    assert_eq!(begun.execute(INSERT, &number(&1)).await, Err(Failed::Down));
    assert_eq!(behind.begin().await.err(), Some(Failed::Down));
    proxy.set(Fault::None);
    assert_eq!(insert(&behind, 2).await, Ok(()));
    assert_eq!(values(&behind).await, Ok(vec![2]));
}

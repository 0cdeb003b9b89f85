//! Restored copies of the database, and servers that take over: real ones.

use std::time::Duration;

use super::{advance, batch, node, outbox, row, wanted};
use crate::state::outbox::suite::bench::note;
use crate::state::outbox::{Ended, Mark, Outbox, PostgresOutbox, WentBack};
use crate::state::store::postgres::tests::database;
use crate::state::store::postgres::tests::postmaster::Postmaster;

async fn send(outbox: &PostgresOutbox, mails: usize) {
    let claimed = outbox.claim(node(), &wanted(mails)).await.unwrap();
    assert_eq!(claimed.len(), mails);
    for claimed in claimed {
        let mark = Mark { upstream: "a".to_owned(), replay_for: None, possible_duplicate: false };
        assert_eq!(outbox.mark(&claimed.hold, &mark).await, Ok(true));
        let accepted = Ended::Accepted { verdicts: Vec::new(), possible_duplicate: false };
        outbox.end(&claimed.hold, &accepted).await.unwrap();
    }
}

/// Nine mails, of which one is sent.
async fn begun(url: &str) -> PostgresOutbox {
    let outbox = outbox(url).await;
    outbox.accept(batch((0..9).map(|_| row(None)).collect())).await.unwrap();
    send(&outbox, 1).await;
    outbox
}

/// What a node says of the database, and how many mails it would send.
async fn found(outbox: &PostgresOutbox) -> (Option<WentBack>, usize) {
    let node = node();
    let went_back = outbox.heartbeat(node).await.unwrap();
    (went_back, outbox.claim(node, &wanted(99)).await.unwrap().len())
}

/// A node that remembers nothing.
async fn fresh(url: &str) -> PostgresOutbox {
    PostgresOutbox::new(std::sync::Arc::new(database(url)), Duration::from_secs(3600))
}

#[tokio::test]
async fn a_cluster_that_was_put_back_is_noticed_by_a_node_that_has_lived_on() {
    let Some(server) = Postmaster::start() else { return };
    let url = server.url(&server.database().await);
    let outbox = begun(&url).await;
    server.copy_while_stopped();
    send(&outbox, 3).await;
    server.put_copy_back();
    assert_eq!(found(&outbox).await, (Some(WentBack::Marks(3)), 0));
    assert_eq!(found(&fresh(&url).await).await, (Some(WentBack::Marks(3)), 0), "it was written down for others");
    outbox.accept_restore(99, note("accept_restore")).await.unwrap();
    outbox.accept(batch(vec![row(None)])).await.unwrap();
    assert_eq!(found(&outbox).await, (None, 1), "new mail goes on");
}

#[tokio::test]
async fn a_server_that_went_back_to_a_point_in_time_is_noticed_by_nodes_that_have_lived_on_and_by_others() {
    let Some(server) = Postmaster::start() else { return };
    let url = server.url(&server.database().await);
    let outbox = begun(&url).await;
    server.archive("copy").await;
    send(&outbox, 3).await;
    server.restore_to("copy").await;
    assert_eq!(found(&fresh(&url).await).await, (Some(WentBack::Place), 0));
    assert_eq!(found(&outbox).await, (Some(WentBack::Marks(3)), 0));
    outbox.accept_restore(99, note("accept_restore")).await.unwrap();
    outbox.accept(batch(vec![row(None)])).await.unwrap();
    assert_eq!(found(&outbox).await, (None, 1), "new mail goes on");
}

#[tokio::test]
async fn a_restored_dump_is_noticed_by_a_node_that_remembers_nothing() {
    let Some(server) = Postmaster::shared() else { return };
    let (from, to) = (server.database().await, server.database().await);
    drop(begun(&server.url(&from)).await);
    server.dump_and_restore(&from, &to);
    let outbox = fresh(&server.url(&to)).await;
    assert_eq!(found(&outbox).await, (Some(WentBack::Place), 0));
    assert_eq!(found(&outbox).await, (Some(WentBack::Place), 0), "what it has seen now is no proof");
    let restored = outbox.accept_restore(99, note("accept_restore")).await.unwrap();
    assert_eq!((restored.parked, found(&outbox).await), (8, (None, 0)));
    assert_eq!(found(&fresh(&server.url(&from)).await).await, (None, 8), "the first one goes on");
}

#[tokio::test]
async fn a_server_that_took_over_with_every_mark_is_vouched_for_by_a_node_that_remembers() {
    let Some(server) = Postmaster::start() else { return };
    let url = server.url(&server.database().await);
    let outbox = begun(&url).await;
    server.begin_timeline().await;
    let fresh = PostgresOutbox { doubt: Duration::ZERO, ..fresh(&url).await };
    assert_eq!(found(&fresh).await, (Some(WentBack::Place), 0), "it cannot know, however long it waits");
    assert_eq!(found(&outbox).await, (Some(WentBack::Place), 0), "others may remember more");
    let patient = PostgresOutbox { doubt: Duration::ZERO, ..outbox };
    assert_eq!(found(&patient).await.0, None);
    assert_eq!(fresh.heartbeat(node()).await, Ok(None));
}

#[tokio::test]
async fn a_server_that_took_over_is_not_vouched_for_before_each_node_that_lived_was_heard() {
    let Some(server) = Postmaster::start() else { return };
    let outbox = begun(&server.url(&server.database().await)).await;
    // The node that has sent that mail is dead by then.
    advance(&outbox, Duration::from_secs(60)).await;
    let (one, other) = (node(), node());
    for node in [other, one] {
        assert_eq!(outbox.heartbeat(node).await, Ok(None));
    }
    server.begin_timeline().await;
    let patient = PostgresOutbox { doubt: Duration::ZERO, ..outbox };
    for node in [one, one, other] {
        advance(&patient, Duration::from_secs(5)).await;
        let is_last = node == other;
        assert_eq!(patient.heartbeat(node).await, Ok((!is_last).then_some(WentBack::Place)));
    }
}

#[tokio::test]
async fn marks_of_many_connections_are_all_counted() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    outbox.accept(batch((0..40).map(|_| row(None)).collect())).await.unwrap();
    let claimed = outbox.claim(node(), &wanted(40)).await.unwrap();
    let mark = Mark { upstream: "a".to_owned(), replay_for: None, possible_duplicate: false };
    let marks = claimed.iter().map(|claimed| outbox.mark(&claimed.hold, &mark));
    let marked = futures_util::future::join_all(marks).await;
    assert!(marked.iter().all(|marked| *marked == Ok(true)), "{marked:?}");
    assert_eq!(outbox.history().await.unwrap().point.marks, 40);
    assert_eq!(outbox.remembering.memory.point().map(|point| point.marks <= 40), Some(true));
    assert_eq!(outbox.heartbeat(node()).await, Ok(None));
}

#[tokio::test]
async fn a_claim_of_the_time_that_is_lost_is_never_taken_for_one_of_a_new_row_with_its_number() {
    let Some(server) = Postmaster::start() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let (node, mark) = (node(), Mark { upstream: "a".to_owned(), replay_for: None, possible_duplicate: false });
    server.copy_while_stopped();
    let begin = async || {
        outbox.accept(batch(vec![row(None)])).await.unwrap();
        let hold = outbox.claim(node, &wanted(9)).await.unwrap()[0].hold;
        assert_eq!(outbox.mark(&hold, &mark).await, Ok(true));
        hold
    };
    let lost = begin().await;
    server.put_copy_back();
    assert_eq!(outbox.heartbeat(node).await, Ok(Some(WentBack::Marks(1))));
    outbox.accept_restore(99, note("accept_restore")).await.unwrap();
    let new = begin().await;
    assert_eq!((new.row, new.node), (lost.row, lost.node), "the number has come again");
    let accepted = Ended::Accepted { verdicts: Vec::new(), possible_duplicate: false };
    assert_eq!(outbox.end(&lost, &accepted).await, Ok(None));
    assert_eq!(outbox.mark(&lost, &mark).await, Ok(false));
    assert_eq!(outbox.end(&new, &accepted).await, Ok(Some(crate::state::outbox::State::Accepted)));
}

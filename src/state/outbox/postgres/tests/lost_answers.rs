//! A COMMIT without an answer: whether it was carried out or not, a repeat brings clarity.

use std::time::Duration;

use futures_util::future::try_join_all;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::super::{care, claim, parts};
use super::{advance, batch, node, outbox, row, wanted};
use crate::state::outbox::suite::parting::{split, wanted_parts};
use crate::state::outbox::{Acceptance, Failed, Hold, Outbox, Parts, PostgresOutbox};
use crate::state::store::postgres::tests::postmaster::Postmaster;
use crate::state::store::postgres::tests::proxy::{Fault, Proxy};
use crate::state::store::postgres::{Transaction, field};

/// An outbox behind a proxy, with one row in it.
async fn behind_proxy() -> Option<(Proxy, PostgresOutbox)> {
    let server = Postmaster::shared()?;
    let proxy = Proxy::before(server).await;
    let outbox = outbox(&proxy.url("127.0.0.1", &server.database().await)).await;
    outbox.accept(batch(vec![row(Some("first"))])).await.unwrap();
    Some((proxy, outbox))
}

#[tokio::test]
async fn a_submission_whose_answer_is_lost_is_found_again_under_its_key() {
    let Some((proxy, outbox)) = behind_proxy().await else { return };
    for (fault, key) in [(Fault::LoseAnswer, "committed"), (Fault::LoseCommit, "lost")] {
        proxy.set(fault);
        assert_eq!(outbox.accept(batch(vec![row(Some(key))])).await, Err(Failed::Unclear));
        let again = outbox.accept(batch(vec![row(Some(key))])).await.unwrap();
        let repeated = matches!(again[0], Acceptance::Repeated(_));
        assert_eq!(repeated, key == "committed", "{key}: {again:?}");
    }
}

#[tokio::test]
async fn a_claim_of_which_nobody_knows_is_free_for_the_next_one_whether_it_was_carried_out_or_not() {
    let Some((proxy, outbox)) = behind_proxy().await else { return };
    let node = node();
    for (fault, fence) in [(Fault::LoseCommit, 1), (Fault::LoseAnswer, 3)] {
        proxy.set(fault);
        assert_eq!(outbox.claim(node, &wanted(9)).await.err(), Some(Failed::Unclear));
        let claimed = outbox.claim(node, &wanted(9)).await.unwrap();
        assert_eq!(claimed.iter().map(|row| row.hold.fence.0).collect::<Vec<_>>(), [fence]);
        assert_eq!(outbox.give_back(&[claimed[0].hold]).await, Ok(1));
    }
}

async fn number(transaction: &mut Transaction<'_>, sql: &str) -> i64 {
    let rows = transaction.query(sql, &[]).await.unwrap();
    field(&rows[0], 0).unwrap()
}

const QUEUED: &str = "select count(*) from smsp_outbox where state = 0";

#[tokio::test]
async fn a_sign_of_life_needs_no_connection_that_others_use_and_frees_what_a_lost_claim_holds() {
    let Some((proxy, outbox)) = behind_proxy().await else { return };
    let node = node();
    proxy.set(Fault::LoseAnswer);
    assert_eq!(outbox.claim(node, &wanted(9)).await.err(), Some(Failed::Unclear));
    let mut in_use = try_join_all((0..4).map(|_| outbox.begin())).await.unwrap();
    assert_eq!(number(&mut in_use[0], QUEUED).await, 0);
    assert_eq!(outbox.heartbeat(node).await, Ok(None));
    assert_eq!(number(&mut in_use[0], QUEUED).await, 1);
}

#[tokio::test]
async fn a_sign_of_life_waits_for_no_row_that_a_lost_claim_holds() {
    let Some((proxy, outbox)) = behind_proxy().await else { return };
    let node = node();
    proxy.set(Fault::LoseAnswer);
    assert_eq!(outbox.claim(node, &wanted(9)).await.err(), Some(Failed::Unclear));
    advance(&outbox, Duration::from_secs(5)).await;
    let mut locking = outbox.begin().await.unwrap();
    locking.query("select row_id from smsp_outbox for update", &[]).await.unwrap();
    assert_eq!(outbox.heartbeat(node).await, Ok(None));
    assert_eq!(number(&mut locking, "select count(*) from smsp_node where seen_at = smsp_now()").await, 1);
    assert_eq!(number(&mut locking, QUEUED).await, 0);
    locking.commit().await.unwrap();
    assert_eq!(outbox.heartbeat(node).await, Ok(None));
    assert_eq!(number(&mut outbox.begin().await.unwrap(), QUEUED).await, 1);
}

const WAITING: &str =
    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

#[tokio::test]
async fn what_lost_answers_hold_of_mails_and_parts_is_freed_in_the_order_of_the_rows() {
    let Some(server) = Postmaster::shared() else { return };
    let (outbox, node) = (outbox(&server.url(&server.database().await)).await, node());
    outbox.accept(batch(vec![row(None), row(None)])).await.unwrap();
    let mut holds: Vec<_> = outbox.claim(node, &wanted(2)).await.unwrap().iter().map(|row| row.hold).collect();
    holds.sort_by_key(|hold| hold.row);
    assert_eq!(outbox.split(&holds[0], &split()).await, Ok(true));
    assert_eq!(outbox.give_back(&holds[1..]).await, Ok(1));
    let numbers = [Uuid::from_u128(1), Uuid::from_u128(2)];
    let mut claiming = outbox.begin().await.unwrap();
    assert_eq!(claim::claim(&mut claiming, node, numbers[0], &wanted(9)).await.unwrap().len(), 1);
    assert_eq!(parts::claim::claim(&mut claiming, node, numbers[1], &wanted_parts(9)).await.unwrap().len(), 2);
    claiming.commit().await.unwrap();
    // Somebody who locks both in their order has come to the first one.
    let mut locking = outbox.begin().await.unwrap();
    let lock = async |transaction: &mut Transaction<'_>, hold: &Hold| {
        let sql = "select row_id from smsp_outbox where row_id = $1 for update nowait";
        transaction.query(sql, &[(&hold.row.0, Type::INT8)]).await.map(|rows| rows.len())
    };
    assert_eq!(lock(&mut locking, &holds[0]).await, Ok(1));
    let freeing = async {
        let mut freeing = outbox.begin().await.unwrap();
        care::release(&mut freeing, node, &numbers).await.unwrap();
        freeing.commit().await.unwrap();
    };
    let locking = async {
        while number(&mut outbox.begin().await.unwrap(), WAITING).await == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(lock(&mut locking, &holds[1]).await, Ok(1), "who waits for the first has not the second");
        locking.commit().await.unwrap();
    };
    tokio::join!(freeing, locking);
    assert_eq!(number(&mut outbox.begin().await.unwrap(), QUEUED).await, 1);
}

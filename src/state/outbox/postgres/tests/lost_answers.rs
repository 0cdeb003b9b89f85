//! A COMMIT without an answer: whether it was carried out or not, a repeat brings clarity.

use super::{batch, node, outbox, row, wanted};
use crate::state::outbox::{Acceptance, Failed, Outbox, PostgresOutbox};
use crate::state::store::postgres::tests::postmaster::Postmaster;
use crate::state::store::postgres::tests::proxy::{Fault, Proxy};

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

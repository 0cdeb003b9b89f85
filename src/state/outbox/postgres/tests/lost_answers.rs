//! Answers that are lost between the COMMIT and the node: nothing is accepted twice, nothing waits for ever.

use std::time::Duration;

use super::{DAY, advance, batch, node, outbox, row, wanted};
use crate::state::outbox::{Acceptance, Ended, Failed, Mark, Outbox, PostgresOutbox, State};
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

fn mark() -> Mark {
    Mark { upstream: "a".to_owned(), replay_for: Some(DAY), possible_duplicate: false }
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
async fn rows_of_a_claim_whose_answer_is_lost_are_claimed_again_by_the_same_node() {
    let Some((proxy, outbox)) = behind_proxy().await else { return };
    let node = node();
    for fence in [2, 4] {
        proxy.set(Fault::LoseAnswer);
        assert_eq!(outbox.claim(node, &wanted(9)).await.err(), Some(Failed::Unclear));
        // The next call of this node frees the row: a claim, which finds it at once, or a sign of life.
        if fence == 4 {
            outbox.heartbeat(node).await.unwrap();
        }
        let claimed = outbox.claim(node, &wanted(9)).await.unwrap();
        let holds: Vec<_> = claimed.iter().map(|row| row.hold).collect();
        assert_eq!(holds.iter().map(|hold| hold.fence.0).collect::<Vec<_>>(), [fence]);
        assert_eq!(outbox.give_back(&holds).await, Ok(1));
    }
}

#[tokio::test]
async fn a_replay_whose_answer_is_lost_leaves_the_row_unknown_and_is_no_attempt() {
    let Some((proxy, outbox)) = behind_proxy().await else { return };
    let node = node();
    let hold = outbox.claim(node, &wanted(9)).await.unwrap()[0].hold;
    assert_eq!(outbox.mark(&hold, &mark()).await, Ok(true));
    let unknown = Ended::Unknown { verdicts: Vec::new(), replay_after: Duration::from_secs(60) };
    assert_eq!(outbox.end(&hold, &unknown).await, Ok(Some(State::Unknown)));
    advance(&outbox, Duration::from_secs(61)).await;
    proxy.set(Fault::LoseAnswer);
    assert_eq!(outbox.replay(node, "a", 9).await.err(), Some(Failed::Unclear));
    outbox.heartbeat(node).await.unwrap();
    let replayed = outbox.replay(node, "a", 9).await.unwrap();
    assert_eq!(replayed.iter().map(|row| row.hold.fence.0).collect::<Vec<_>>(), [3]);
    let status = outbox.status(&"shop".into(), replayed[0].id).await.unwrap().unwrap();
    assert_eq!(status.attempts.len(), 2, "the hand-over and the replay: {:?}", status.attempts);
}

#[tokio::test]
async fn a_mark_whose_answer_is_lost_can_be_asked_for_again_or_given_up() {
    let Some((proxy, outbox)) = behind_proxy().await else { return };
    let hold = outbox.claim(node(), &wanted(9)).await.unwrap()[0].hold;
    proxy.set(Fault::LoseAnswer);
    assert_eq!(outbox.mark(&hold, &mark()).await, Err(Failed::Unclear));
    assert_eq!(outbox.mark(&hold, &mark()).await, Ok(true));
    let again = Ended::Again { verdicts: Vec::new(), wait: Duration::ZERO, counted: false, possible_duplicate: false };
    proxy.set(Fault::LoseAnswer);
    assert_eq!(outbox.end(&hold, &again).await, Err(Failed::Unclear));
    assert_eq!(outbox.end(&hold, &again).await, Ok(None), "the row is in the queue again, and nobody's");
}

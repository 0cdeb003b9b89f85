//! Answers that are lost though the store has carried out what it was asked for: a repeat says so, and nothing waits for
//! ever.

use super::bench::*;

pub(in super::super) async fn a_lost_acceptance_is_found_by_its_repeat(bench: &Bench) {
    for row in [|| keyed(1, "k"), || row(2)] {
        let batch = |rows| Batch { caller: "shop".into(), rows, atomic: false, room: ROOM, callers_room: ROOM };
        bench.lose(bench.outbox.accept(batch(vec![row()]))).await;
        let again = bench.accept_as("shop", vec![row()]).await;
        assert!(matches!(again[..], [Acceptance::Repeated(_)]), "{again:?}");
    }
}

pub(in super::super) async fn what_a_lost_claim_holds_is_free_at_the_next_call(bench: &Bench) {
    bench.accept(vec![row(1), row(2)]).await;
    let kept = bench.claim(node(1), 1).await[0].hold;
    // More often than a row may be lost with its node: this is no loss.
    for round in 0..5 {
        bench.lose(bench.outbox.claim(node(1), &wanted(9))).await;
        assert_eq!(bench.state(2).await, Some(State::Claimed));
        assert_eq!(bench.claim(node(2), 9).await.len(), 0, "another node cannot know");
        if round % 2 == 1 {
            bench.outbox.heartbeat(node(1)).await.unwrap();
            assert_eq!(bench.state(2).await, Some(State::Queued));
        }
        let hold = bench.claim_one(node(1)).await;
        assert_eq!(hold.fence, Fence(2 * round + 2));
        bench.outbox.heartbeat(node(1)).await.unwrap();
        assert_eq!(bench.state(2).await, Some(State::Claimed), "a claim whose answer has come stays");
        assert_eq!(bench.outbox.give_back(&[hold]).await, Ok(1));
    }
    assert!(bench.marked(&kept).await, "what was claimed before is still held");
}

pub(in super::super) async fn a_lost_replay_leaves_the_row_unknown_and_is_no_attempt(bench: &Bench) {
    let hold = bench.one_marked().await;
    bench.end(&hold, unknown(Duration::ZERO)).await;
    for round in 0..4 {
        bench.lose(bench.outbox.replay(node(1), "mg", ALL)).await;
        assert_eq!(bench.state(1).await, Some(State::Sending));
        if round % 2 == 1 {
            bench.outbox.heartbeat(node(1)).await.unwrap();
            assert_eq!(bench.state(1).await, Some(State::Unknown));
        }
        let replayed = bench.outbox.replay(node(1), "mg", ALL).await.unwrap();
        assert_eq!(replayed.iter().map(|row| row.hold.fence.0).collect::<Vec<_>>(), [2 * round + 3]);
        assert_eq!(bench.end(&replayed[0].hold, unknown(Duration::ZERO)).await, Some(State::Unknown));
        let attempts = bench.status(1).await.unwrap().attempts.len();
        assert_eq!(attempts as i64, round + 2, "the hand-over and the replays that were begun");
    }
}

pub(in super::super) async fn a_lost_mark_is_granted_again(bench: &Bench) {
    let hold = bench.one_claimed().await;
    let mark = mark("mg");
    bench.lose(bench.outbox.mark(&hold, &mark)).await;
    assert_eq!(bench.state(1).await, Some(State::Sending));
    assert!(bench.marked(&hold).await);
    assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted));
}

pub(in super::super) async fn a_lost_end_is_told_by_its_repeat(bench: &Bench) {
    for (number, ended, state) in
        [(1, accepted(), State::Accepted), (2, again(DAY), State::Queued), (3, unknown(DAY), State::Unknown)]
    {
        bench.accept(vec![row(number)]).await;
        let hold = bench.claim_one(node(1)).await;
        bench.marked(&hold).await;
        bench.lose(bench.outbox.end(&hold, &ended)).await;
        assert_eq!(bench.end(&hold, ended).await, Some(state));
        assert_eq!(bench.state(number.into()).await, Some(state));
    }
}

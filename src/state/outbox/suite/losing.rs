//! Answers that are lost though the store has carried out what it was asked for: a repeat says so, and nothing waits for
//! ever.

use super::bench::*;

pub(in super::super) async fn a_lost_acceptance_is_found_by_its_repeat(bench: &Bench) {
    for row in [|| keyed(1, "k"), || row(2)] {
        let lost = batch(vec![row()]);
        assert!(lost.withdrawal.begin(), "else it is withdrawn with its answer");
        bench.lose(bench.outbox.accept(lost)).await;
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
    bench.advance(SECOND).await;
    assert!(bench.marked(&hold).await);
    let attempts = bench.status(1).await.unwrap().attempts;
    assert_eq!(attempts.iter().map(|tried| tried.at).collect::<Vec<_>>(), [bench.time.now().await], "one hand-over");
    assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted));
    assert_eq!(hand_overs(bench, 1).await, ["mg accepted"]);
}

/// Each hand-over of this mail, with what it came to.
async fn hand_overs(bench: &Bench, number: u128) -> Vec<String> {
    let attempts = bench.status(number).await.unwrap().attempts;
    attempts.iter().map(|tried| format!("{} {}", tried.upstream, tried.outcome.as_deref().unwrap_or("?"))).collect()
}

/// One that is marked for mg, by a call whose answer is lost: it is not handed over there.
async fn marked_unheard(bench: &Bench, number: u8) -> Hold {
    bench.accept(vec![row(number)]).await;
    let hold = bench.claim_one(node(1)).await;
    bench.lose(bench.outbox.mark(&hold, &mark("mg"))).await;
    assert_eq!(hand_overs(bench, number.into()).await, ["mg ?"]);
    hold
}

fn never_handed_over() -> Ended {
    Ended::Again { verdicts: Vec::new(), wait: DAY, counted: false, possible_duplicate: false }
}

pub(in super::super) async fn what_was_marked_and_never_handed_over_is_no_attempt(bench: &Bench) {
    let hold = marked_unheard(bench, 1).await;
    assert_eq!(bench.end(&hold, never_handed_over()).await, Some(State::Queued));
    assert_eq!(hand_overs(bench, 1).await, [""; 0]);
    // Behind an upstream that has refused it.
    bench.accept(vec![row(2)]).await;
    let hold = bench.claim_one(node(1)).await;
    assert!(bench.outbox.mark(&hold, &mark("ses")).await.unwrap());
    bench.lose(bench.outbox.mark(&hold, &mark("mg"))).await;
    let verdicts = vec![verdict("ses", Outcome::Unavailable)];
    let ended = Ended::Again { verdicts, wait: DAY, counted: true, possible_duplicate: false };
    assert_eq!(bench.end(&hold, ended).await, Some(State::Queued));
    assert_eq!(hand_overs(bench, 2).await, ["ses unavailable"]);
    // Its node says so when another one has it in hand: then the verdict of that one is clear.
    let first = marked_unheard(bench, 3).await;
    bench.advance(SILENCE + ATTEMPT).await;
    assert_eq!(bench.bury().await.unwrap().unknown, 1);
    bench.advance(ATTEMPT).await;
    let second = bench.outbox.replay(node(2), "mg", ALL).await.unwrap()[0].hold;
    assert_eq!(bench.end(&first, never_handed_over()).await, None);
    assert_eq!(hand_overs(bench, 3).await, ["mg ?"], "the replay");
    assert_eq!(bench.end(&second, refused()).await, Some(State::Refused));
    assert_eq!(hand_overs(bench, 3).await, ["mg message_rejected"]);
}

pub(in super::super) async fn what_may_have_been_handed_over_stays_on_record(bench: &Bench) {
    let late = Verdict { late: true, ..verdict("ses", Outcome::Unavailable) };
    for (number, ended, state) in [
        // A panic of ours has left no verdict.
        (1, Ended::Unknown { verdicts: Vec::new(), replay_after: DAY }, State::Unknown),
        (2, Ended::Again { verdicts: Vec::new(), wait: DAY, counted: true, possible_duplicate: true }, State::Queued),
        // One verdict alone.
        (3, Ended::Again { verdicts: vec![late], wait: DAY, counted: true, possible_duplicate: false }, State::Queued),
    ] {
        let hold = marked_unheard(bench, number).await;
        assert_eq!(bench.end(&hold, ended).await, Some(state));
        assert_eq!(hand_overs(bench, number.into()).await, ["mg ?"], "{number}");
    }
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

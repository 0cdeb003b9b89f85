//! After an `unknown`: another upstream is asked only at the operator's risk, the same one where it takes a mail once.

use super::*;

const ONCE: Capabilities = Capabilities { idempotency_window: Some(Duration::from_secs(1500)), ..Capabilities::ANY };

/// The first upstream takes a mail once; no circuit opens.
fn idempotent(failover: Failover, first: &[Act], second: &[Act]) -> Fixture {
    Fixture::of(failover, Strategy::Priority, 100, &[(ONCE, first), (Capabilities::ANY, second)])
}

#[tokio::test(start_paused = true)]
async fn always_fails_over_after_an_unknown_and_marks_a_possible_duplicate() {
    for act in [Act::Say(Outcome::Unknown), Act::Hang, Act::Panic] {
        let fixture = Fixture::new(Failover::Always, &[&[act], &[Act::Say(Outcome::Accepted)]]);
        let receipt = fixture.send().await.expect("the second takes it");
        assert_eq!(words(&receipt.attempts), ["u0:unknown", "u1:accepted"]);
        assert!(receipt.may_be_duplicate());
    }
}

#[tokio::test(start_paused = true)]
async fn always_fails_over_except_after_rejection_and_cancellation() {
    for outcome in Outcome::ALL {
        let fixture = Fixture::new(Failover::Always, &[&[Act::Say(outcome)], &[Act::Say(Outcome::Accepted)]]);
        let result = fixture.send().await;
        let is_lost = matches!(outcome, Outcome::MessageRejected | Outcome::Cancelled);
        assert_eq!(result.is_err(), is_lost, "{outcome:?}");
        let is_duplicate = result.is_ok_and(|receipt| receipt.may_be_duplicate());
        assert_eq!(is_duplicate, outcome == Outcome::Unknown, "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_stays_unknown_though_all_others_refuse() {
    let fixture =
        Fixture::new(Failover::Always, &[&[Act::Say(Outcome::Unknown)], &[Act::Say(Outcome::MessageRejected)]]);
    assert_eq!(fixture.failure().await, Failure::Unknown);
}

#[tokio::test(start_paused = true)]
async fn caller_can_lower_the_failover_but_not_raise_it() {
    use Failover::*;
    for (node, asked, met, second_is_asked) in [
        (Always, Some(Safe), Outcome::Unknown, false),
        (Always, Some(Safe), Outcome::Unavailable, true),
        (Always, Some(Never), Outcome::Unavailable, false),
        (Safe, Some(Never), Outcome::Unavailable, false),
        (Safe, Some(Always), Outcome::Unknown, false),
        (Never, Some(Safe), Outcome::Unavailable, false),
        (Always, None, Outcome::Unknown, true),
    ] {
        let fixture = Fixture::new(node, &[&[Act::Say(met)], &[Act::Say(Outcome::Accepted)]]);
        let result = fixture.send_with(SendOptions { failover: asked, key: None }).await;
        assert_eq!(result.is_ok(), second_is_asked, "{node:?} {asked:?} {met:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn idempotent_provider_is_asked_again_after_an_unknown() {
    let fixture = idempotent(Failover::Safe, &[Act::Hang, Act::Say(Outcome::Accepted)], &[]);
    let receipt = fixture.send().await.expect("the repeat brings clarity");
    assert_eq!(words(&receipt.attempts), ["u0:unknown", "u0:accepted"]);
    assert!(!receipt.may_be_duplicate());
}

#[tokio::test(start_paused = true)]
async fn repeat_without_clarity_stays_unknown_and_stops_failover() {
    for second in [Act::Say(Outcome::Unknown), Act::Say(Outcome::Unavailable), Act::Say(Outcome::MessageRejected)] {
        let fixture = idempotent(Failover::Safe, &[Act::Say(Outcome::Unknown), second], &[]);
        assert_eq!(fixture.failure().await, Failure::Unknown);
        assert_eq!(fixture.calls(), [2, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn always_repeats_before_it_fails_over() {
    let unknown = Act::Say(Outcome::Unknown);
    let fixture = idempotent(Failover::Always, &[unknown, unknown], &[Act::Say(Outcome::Accepted)]);
    let receipt = fixture.send().await.expect("the second upstream takes it");
    assert_eq!(words(&receipt.attempts), ["u0:unknown", "u0:unknown", "u1:accepted"]);
    assert!(receipt.may_be_duplicate());
}

#[tokio::test(start_paused = true)]
async fn without_failover_there_is_no_repeat() {
    let fixture = idempotent(Failover::Never, &[Act::Say(Outcome::Unknown)], &[]);
    assert_eq!(fixture.failure().await, Failure::Unknown);
    assert_eq!(fixture.calls(), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn repeat_needs_a_permit_of_its_own() {
    let scripts: [(Capabilities, &[Act]); 1] = [(ONCE, &[Act::Say(Outcome::Unknown)])];
    let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 1, &scripts);
    assert_eq!(fixture.failure().await, Failure::Unknown);
    assert_eq!(fixture.calls(), [1], "the first attempt has opened the circuit");
}

#[tokio::test(start_paused = true)]
async fn repeat_shares_the_request_deadline() {
    let fixture = idempotent(Failover::Safe, &[Act::Hang, Act::Hang], &[]);
    let start = Instant::now();
    assert_eq!(fixture.failure().await, Failure::Unknown);
    assert_eq!(start.elapsed().as_secs(), 15);
}

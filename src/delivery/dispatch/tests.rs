//! The dispatcher over scripted providers, on paused time.

mod adaptive;
mod after_unknown;
mod early;
mod explain;
mod rates;
mod journal;
mod rejections;
mod room;
mod rules;
mod skip_counts;
mod skips;
mod turns;

use std::time::Duration;

use super::fixture::{Act, Fixture, SECOND, mail, words};
use super::*;
use crate::delivery::circuit::Override;
use crate::delivery::provider::Capabilities;
use crate::delivery::routing::Strategy;
use crate::model::message::Draft;
use crate::model::outcome::{FailoverSafety, Outcome, Reason, Verdict};
use crate::model::receipt::Failure;

#[tokio::test(start_paused = true)]
async fn failover_follows_the_outcome_table() {
    for outcome in Outcome::ALL {
        let fixture = Fixture::new(Failover::Safe, &[&[Act::Say(outcome)], &[Act::Say(Outcome::Accepted)]]);
        let result = fixture.send().await;
        let tried_both = fixture.calls() == [1, 1];
        assert_eq!(tried_both, outcome.failover_safety() == FailoverSafety::Safe, "{outcome:?}");
        assert_eq!(result.is_ok(), tried_both || outcome == Outcome::Accepted, "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_failover_the_first_error_is_the_answer() {
    for outcome in Outcome::ALL {
        let fixture = Fixture::new(Failover::Never, &[&[Act::Say(outcome)], &[Act::Say(Outcome::Accepted)]]);
        assert_eq!(fixture.send().await.is_ok(), outcome == Outcome::Accepted, "{outcome:?}");
        assert_eq!(fixture.calls(), [1, 0], "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_failover_an_open_circuit_is_passed_over() {
    let fixture = Fixture::new(Failover::Never, &[&[Act::Say(Outcome::Unavailable)], &[Act::Say(Outcome::Accepted)]]);
    assert_eq!(fixture.failure().await, Failure::Refused { retryable: true });
    let receipt = fixture.send().await.expect("the second upstream takes it");
    assert_eq!(receipt.attempts.len(), 1);
    assert_eq!(fixture.calls(), [1, 1], "no real mail along an open circuit");
}

#[tokio::test(start_paused = true)]
async fn without_failover_an_open_circuit_makes_no_refusal_retryable() {
    let fixture =
        Fixture::new(Failover::Never, &[&[Act::Say(Outcome::Unavailable)], &[Act::Say(Outcome::AccountRefused)]]);
    assert_eq!(fixture.failure().await, Failure::Refused { retryable: true });
    assert_eq!(fixture.failure().await, Failure::Refused { retryable: false });
    assert!(matches!(fixture.failure().await, Failure::NotNow { .. }), "both are open now");
}

#[tokio::test(start_paused = true)]
async fn throttled_without_a_wait_asks_for_the_first_wait() {
    let fixture = Fixture::new(Failover::Safe, &[&[Act::Say(Outcome::Throttled)]]);
    assert_eq!(fixture.failure().await, Failure::NotNow { retry_after: 5 * SECOND });
}

#[tokio::test(start_paused = true)]
async fn retry_after_ignores_a_circuit_forced_open() {
    let fixture = Fixture::new(Failover::Safe, &[&[Act::Say(Outcome::Unavailable)], &[]]);
    assert!(fixture.upstreams[1].override_circuit(Override::Open));
    assert_eq!(
        fixture.failure().await,
        Failure::NotNow { retry_after: 5 * SECOND },
        "the second may come back, when is unknown"
    );
    fixture.upstreams[0].schedule_probe(300 * SECOND);
    assert_eq!(fixture.failure().await, Failure::NotNow { retry_after: 300 * SECOND }, "the first one's probe");
}

#[tokio::test(start_paused = true)]
async fn large_mail_is_no_slow_call() {
    let acts = vec![Act::SayAfter(6 * SECOND, Outcome::Accepted); 30];
    let fixture = Fixture::new(Failover::Safe, &[&acts]);
    for _ in 0..30 {
        let draft = Draft {
            to: vec!["b@example.org".parse().unwrap()],
            text: "x".repeat(2 * 1024 * 1024).parse().ok(),
            ..Draft::default()
        };
        let message =
            Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft).unwrap();
        assert!(fixture.send_mail(message).await.is_ok());
    }
    assert!(fixture.upstreams[0].snapshot().admits());
}

#[tokio::test(start_paused = true)]
async fn silence_is_unknown_and_stops_failover() {
    let fixture = Fixture::new(Failover::Safe, &[&[Act::Hang], &[Act::Say(Outcome::Accepted)]]);
    let start = Instant::now();
    let error = fixture.send().await.expect_err("unknown");
    assert_eq!(error.failure, Failure::Unknown);
    assert_eq!(error.attempts[0].verdict.reason, Reason::Timeout);
    assert_eq!(start.elapsed().as_secs(), 10);
    assert_eq!(fixture.calls(), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn second_attempt_shares_the_request_deadline() {
    let late = Act::SayAfter(9 * SECOND, Outcome::Unavailable);
    let fixture = Fixture::new(Failover::Safe, &[&[late], &[Act::Hang]]);
    let start = Instant::now();
    let error = fixture.send().await.expect_err("unknown");
    assert_eq!((error.failure, start.elapsed().as_secs()), (Failure::Unknown, 15));
    assert_eq!(error.attempts[1].took.map(|took| took.as_secs()), Some(6));
}

#[tokio::test(start_paused = true)]
async fn large_mail_gets_transfer_time() {
    let fixture = Fixture::new(Failover::Safe, &[&[Act::SayAfter(12 * SECOND, Outcome::Accepted)]]);
    let draft = Draft {
        to: vec!["b@example.org".parse().unwrap()],
        text: "x".repeat(1024 * 1024).parse().ok(),
        ..Draft::default()
    };
    let message = Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft).unwrap();
    assert!(fixture.send_mail(message).await.is_ok(), "10 s, and 1 s for each of four times 256 KiB");
}

#[tokio::test(start_paused = true)]
async fn circuit_that_closes_during_an_attempt_is_tried_too() {
    let slow = Act::SayAfter(3 * SECOND, Outcome::AccountRefused);
    let fixture = Fixture::new(
        Failover::Safe,
        &[&[Act::Say(Outcome::Unavailable), Act::Say(Outcome::Accepted)], &[Act::Say(Outcome::Accepted), slow]],
    );
    assert!(fixture.send().await.is_ok(), "the first is open now");
    let first = Arc::clone(&fixture.upstreams[0]);
    let recovery = async {
        tokio::time::sleep(SECOND).await;
        first.begin_probing();
        let permit = first.admit_probe().expect("half open");
        assert!(
            !first.settle_probe(permit, &Verdict::new(Outcome::Accepted, Reason::Mock), false),
            "one probe closes it"
        );
    };
    let (result, ()) = tokio::join!(fixture.send(), recovery);
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(fixture.calls(), [2, 2]);
}

#[tokio::test(start_paused = true)]
async fn no_attempt_starts_with_less_than_two_connect_timeouts_left() {
    let late = |seconds| Act::SayAfter(seconds * SECOND, Outcome::Unavailable);
    let fixture = Fixture::new(Failover::Safe, &[&[late(8)], &[late(6)], &[]]);
    assert_eq!(fixture.failure().await, Failure::NotNow { retry_after: SECOND });
    assert_eq!(fixture.calls(), [1, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn adapter_panic_is_unknown_and_opens_no_circuit() {
    let fixture = Fixture::new(Failover::Safe, &[&[Act::Panic, Act::Say(Outcome::Accepted)], &[]]);
    assert_eq!(fixture.failure().await, Failure::Panicked);
    assert!(fixture.send().await.is_ok(), "a mail that makes us panic closes its upstream to no other");
    assert_eq!(fixture.calls(), [2, 0]);
}

//! What `smsp_circuit_rejected_total` counts: mails that would have come to an upstream next, had its circuit been closed.

use super::*;
use crate::model::message::key::IdempotencyKey;

const ANY: Capabilities = Capabilities::ANY;
const ACCEPTS: [Act; 100] = [Act::Say(Outcome::Accepted); 100];
const STRATEGIES: [Strategy; 4] = [Strategy::Priority, Strategy::RoundRobin, Strategy::Weighted, Strategy::Adaptive];

/// Over so many upstreams that accept everything.
fn accepting(routing: Strategy, upstreams: usize) -> Fixture {
    Fixture::of(Failover::Safe, routing, 1, &vec![(ANY, &ACCEPTS[..]); upstreams])
}

/// By upstream.
fn rejected(fixture: &Fixture) -> Vec<u64> {
    let page = fixture.metrics.render();
    let count = |index: usize| {
        let series = format!("smsp_circuit_rejected_total{{upstream=\"u{index}\"}} ");
        page.lines().find_map(|line| line.strip_prefix(&series)?.parse().ok()).expect("a count")
    };
    (0..fixture.upstreams.len()).map(count).collect()
}

fn opens(fixture: &Fixture, upstream: usize) {
    assert!(fixture.upstreams[upstream].override_circuit(Override::Open));
}

#[tokio::test(start_paused = true)]
async fn open_standby_rejects_nothing_while_the_first_takes_the_mail() {
    let fixture = accepting(Strategy::Priority, 3);
    opens(&fixture, 1);
    assert!(fixture.send().await.is_ok());
    assert_eq!(rejected(&fixture), [0, 0, 0]);
    opens(&fixture, 0);
    assert!(fixture.send().await.is_ok());
    assert_eq!((rejected(&fixture), fixture.calls()), (vec![1, 1, 0], vec![1, 0, 1]));
}

#[tokio::test(start_paused = true)]
async fn open_standby_rejects_a_mail_that_fails_over_to_it_once() {
    let refuses = [Act::Say(Outcome::Unlisted)];
    let fixture = Fixture::new(Failover::Safe, &[&refuses, &[], &refuses, &ACCEPTS]);
    opens(&fixture, 1);
    assert!(fixture.send().await.is_ok());
    assert_eq!((rejected(&fixture), fixture.calls()), (vec![0, 1, 0, 0], vec![1, 0, 1, 1]));
    let strict = Fixture::new(Failover::Never, &[&refuses, &[]]);
    opens(&strict, 1);
    assert!(strict.send().await.is_err());
    assert_eq!(rejected(&strict), [0, 0], "the mail goes nowhere else");
}

#[tokio::test(start_paused = true)]
async fn every_circuit_rejects_a_mail_that_none_takes() {
    for strategy in STRATEGIES {
        let fixture = accepting(strategy, 3);
        (0..3).for_each(|upstream| opens(&fixture, upstream));
        assert!(fixture.send().await.is_err());
        assert_eq!(rejected(&fixture), [1, 1, 1], "{strategy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn circuit_rejects_under_every_strategy_the_mails_that_its_upstream_would_have_had() {
    for strategy in STRATEGIES {
        let closed = accepting(strategy, 3);
        for number in 0..30 {
            let key = Some(IdempotencyKey::new("caller", &number.to_string()));
            let options = SendOptions { key, failover: None };
            let receipt = closed.send_with(options).await.expect("accepted");
            let taker: usize = receipt.attempts[0].upstream[1..].parse().expect("a number");
            for open in 0..3 {
                let fixture = accepting(strategy, 3);
                opens(&fixture, open);
                assert!(fixture.send_with(options).await.is_ok());
                let expected: Vec<_> = (0..3).map(|upstream| u64::from(upstream == open && open == taker)).collect();
                assert_eq!(rejected(&fixture), expected, "{strategy:?}, key {number}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn open_upstream_rejects_its_turns_alone() {
    let fixture = accepting(Strategy::RoundRobin, 3);
    opens(&fixture, 1);
    for _ in 0..30 {
        assert!(fixture.send().await.is_ok());
    }
    assert_eq!(rejected(&fixture), [0, 10, 0]);
}

#[tokio::test(start_paused = true)]
async fn mail_that_an_upstream_could_not_carry_is_not_rejected_by_its_circuit() {
    let small = Capabilities { recipients: 0, ..ANY };
    let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 1, &[(small, &[]), (ANY, &ACCEPTS)]);
    assert!(fixture.send().await.is_ok());
    opens(&fixture, 0);
    assert!(fixture.send().await.is_ok());
    assert_eq!((rejected(&fixture), fixture.calls()), (vec![0, 0], vec![0, 2]));
}

#[tokio::test(start_paused = true)]
async fn repeat_of_an_attempt_is_no_mail_that_a_circuit_rejects() {
    let once = Capabilities { idempotency_window: Some(Duration::from_secs(1500)), ..ANY };
    let silent = [Act::Say(Outcome::Unknown)];
    let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 1, &[(once, &silent)]);
    assert_eq!(fixture.failure().await, Failure::Unknown);
    assert!(!fixture.upstreams[0].snapshot().admits(), "the attempt has opened it, so its repeat was not let pass");
    assert_eq!((fixture.calls(), rejected(&fixture)), (vec![1], vec![0]));
}

//! The dispatcher over scripted providers, on paused time.

mod keys;
mod passing_over;
mod twice;

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::delivery::circuit::{self, Rates};
use crate::delivery::provider::{Call, Capabilities, Delivery, Provider};
use crate::delivery::upstream;
use crate::delivery::upstream::story::Events;
use crate::model::message::Draft;
use crate::model::outcome::{Another, Outcome, Reason, Verdict};
use crate::runtime::metrics::Metrics;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
enum Act {
    Say(Outcome),
    SayAfter(Duration, Outcome),
    Because(Outcome, Reason),
    /// Says nothing to the call, and this so long after it began.
    Late(Duration, Outcome),
    Hang,
    Panic,
}

/// Does what its script says, call by call, and counts the calls.
struct Scripted {
    script: Mutex<VecDeque<Act>>,
    calls: Arc<Mutex<u32>>,
}

impl Provider for Scripted {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        *self.calls.lock().unwrap() += 1;
        let act = self.script.lock().unwrap().pop_front().expect("no call beyond the script");
        Box::pin(async move {
            match act {
                Act::Say(outcome) => Verdict::new(outcome, Reason::Mock),
                Act::SayAfter(wait, outcome) => {
                    tokio::time::sleep(wait).await;
                    Verdict::new(outcome, Reason::Mock)
                }
                Act::Because(outcome, reason) => Verdict::new(outcome, reason),
                Act::Late(wait, outcome) => {
                    tokio::spawn(async move {
                        tokio::time::sleep(wait).await;
                        delivery.hand_over.tell_late(&Verdict::new(outcome, Reason::Mock));
                    });
                    std::future::pending().await
                }
                Act::Hang => std::future::pending().await,
                Act::Panic => panic!("the adapter's bug"),
            }
        })
    }
}

fn mail(from: &str) -> Message {
    let draft = Draft { to: vec!["b@example.org".parse().unwrap()], ..Draft::default() };
    Message::new(from.parse().unwrap(), draft).unwrap()
}

fn words(attempts: &[Attempt]) -> Vec<String> {
    attempts.iter().map(|attempt| format!("{}:{}", attempt.upstream, attempt.verdict.outcome.as_str())).collect()
}

struct Bench {
    dispatcher: Arc<Dispatcher>,
    calls: Vec<Arc<Mutex<u32>>>,
}

impl Bench {
    fn new(failover: Failover, scripts: &[&[Act]]) -> Self {
        let scripts: Vec<_> = scripts.iter().map(|script| (Capabilities::ANY, *script)).collect();
        Self::of(failover, Routing::Priority, 1, &scripts)
    }

    /// Of upstreams that can carry this and do that, whose circuits open after so many failures.
    fn of(failover: Failover, routing: Routing, failures: u16, scripts: &[(Capabilities, &[Act])]) -> Self {
        let calls: Vec<_> = scripts.iter().map(|_| Arc::new(Mutex::new(0))).collect();
        let metrics = Arc::new(Metrics::default());
        let upstreams = scripts.iter().zip(&calls).enumerate().map(|(index, (&(capabilities, script), calls))| {
            let script = Mutex::new(script.iter().copied().collect());
            let provider = Scripted { script, calls: Arc::clone(calls) };
            let settings = upstream::Settings {
                capabilities,
                attempt_timeout: 10 * SECOND,
                connect_timeout: SECOND,
                probe_timeout: 10 * SECOND,
                probe: upstream::Probe::Auto,
                slow_call: Some(5 * SECOND),
                first_wait: 5 * SECOND,
                account_hold: 900 * SECOND,
                sender_hold: 600 * SECOND,
                concurrency: 100,
                ramp: 30 * SECOND,
                circuit: circuit::Settings {
                    consecutive_failures: failures,
                    probes_to_close: 1,
                    rates: Some(Rates { bucket: 60_000, min_calls: 20, failure_rate: 1.0, slow_rate: Some(0.8) }),
                    ramps: true,
                    start_closed: true,
                    shards: 1,
                },
            };
            Arc::new(Upstream::new(
                format!("u{index}"),
                "scripted",
                Box::new(provider),
                settings,
                Arc::clone(&metrics),
                Events::new(1),
            ))
        });
        let settings =
            Settings { failover, routing, request_deadline: 15 * SECOND, all_open: AllOpen::Serve, held_answers: 100 };
        let upstreams = upstreams.collect();
        Self { dispatcher: Dispatcher::new(upstreams, settings, Shutdown::default(), metrics), calls }
    }

    async fn send(&self) -> Result<Receipt, SendError> {
        self.send_with(Wishes::default()).await
    }

    async fn send_with(&self, wishes: Wishes) -> Result<Receipt, SendError> {
        self.dispatcher.send(mail("a@example.org"), wishes, ()).await
    }

    async fn failure(&self) -> Failure {
        self.send().await.expect_err("a failure").failure
    }

    fn calls(&self) -> Vec<u32> {
        self.calls.iter().map(|calls| *calls.lock().unwrap()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn every_outcome_goes_on_or_stops_as_its_table_says() {
    for outcome in Outcome::ALL {
        let bench = Bench::new(Failover::Safe, &[&[Act::Say(outcome)], &[Act::Say(Outcome::Accepted)]]);
        let result = bench.send().await;
        let tried_both = bench.calls() == [1, 1];
        assert_eq!(tried_both, outcome.another() == Another::Safe, "{outcome:?}");
        assert_eq!(result.is_ok(), tried_both || outcome == Outcome::Accepted, "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_failover_the_error_of_a_closed_circuit_is_the_callers() {
    for outcome in Outcome::ALL {
        let bench = Bench::new(Failover::Never, &[&[Act::Say(outcome)], &[Act::Say(Outcome::Accepted)]]);
        assert_eq!(bench.send().await.is_ok(), outcome == Outcome::Accepted, "{outcome:?}");
        assert_eq!(bench.calls(), [1, 0], "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_failover_an_open_circuit_still_makes_way_for_the_next() {
    let bench = Bench::new(Failover::Never, &[&[Act::Say(Outcome::Unavailable)], &[Act::Say(Outcome::Accepted)]]);
    assert_eq!(bench.failure().await, Failure::Refused { retryable: true });
    let receipt = bench.send().await.expect("the second upstream takes it");
    assert_eq!(receipt.attempts.len(), 1);
    assert_eq!(bench.calls(), [1, 1], "no real mail along an open circuit");
}

#[tokio::test(start_paused = true)]
async fn without_failover_an_open_neighbour_does_not_soften_a_refusal() {
    let bench = Bench::new(Failover::Never, &[&[Act::Say(Outcome::Unavailable)], &[Act::Say(Outcome::AccountRefused)]]);
    assert_eq!(bench.failure().await, Failure::Refused { retryable: true });
    assert_eq!(bench.failure().await, Failure::Refused { retryable: false });
    assert!(matches!(bench.failure().await, Failure::NotNow { .. }), "both are open now");
}

#[tokio::test(start_paused = true)]
async fn the_wait_of_a_throttled_upstream_is_told_even_if_the_provider_told_none() {
    let bench = Bench::new(Failover::Safe, &[&[Act::Say(Outcome::Throttled)]]);
    assert_eq!(bench.failure().await, Failure::NotNow { retry_after: 5 * SECOND });
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_is_forced_open_promises_nothing() {
    let bench = Bench::new(Failover::Safe, &[&[Act::Say(Outcome::Unavailable)], &[]]);
    assert!(bench.dispatcher.upstreams[1].circuit.set_override(Override::Open).is_some());
    assert_eq!(
        bench.failure().await,
        Failure::NotNow { retry_after: 5 * SECOND },
        "the second may come back, nobody knows when"
    );
    bench.dispatcher.upstreams[0].schedule_probe(300 * SECOND);
    assert_eq!(bench.failure().await, Failure::NotNow { retry_after: 300 * SECOND }, "the first one's dummy");
}

#[tokio::test(start_paused = true)]
async fn large_mails_are_not_slow_for_being_large() {
    let acts = vec![Act::SayAfter(6 * SECOND, Outcome::Accepted); 30];
    let bench = Bench::new(Failover::Safe, &[&acts]);
    for _ in 0..30 {
        let draft = Draft {
            to: vec!["b@example.org".parse().unwrap()],
            text: "x".repeat(2 * 1024 * 1024).parse().ok(),
            ..Draft::default()
        };
        let message = Message::new("a@example.org".parse().unwrap(), draft).unwrap();
        assert!(bench.dispatcher.send(message, Wishes::default(), ()).await.is_ok());
    }
    assert!(bench.dispatcher.upstreams[0].circuit.snapshot().admits());
}

#[tokio::test(start_paused = true)]
async fn silence_is_unknown_and_the_next_upstream_is_not_asked() {
    let bench = Bench::new(Failover::Safe, &[&[Act::Hang], &[Act::Say(Outcome::Accepted)]]);
    let start = Instant::now();
    let error = bench.send().await.expect_err("unknown");
    assert_eq!(error.failure, Failure::Unknown);
    assert_eq!(error.attempts[0].verdict.reason, Reason::Timeout);
    assert_eq!(start.elapsed().as_secs(), 10);
    assert_eq!(bench.calls(), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn the_second_attempt_gets_what_is_left_of_the_deadline() {
    let late = Act::SayAfter(9 * SECOND, Outcome::Unavailable);
    let bench = Bench::new(Failover::Safe, &[&[late], &[Act::Hang]]);
    let start = Instant::now();
    let error = bench.send().await.expect_err("unknown");
    assert_eq!((error.failure, start.elapsed().as_secs()), (Failure::Unknown, 15));
    assert_eq!(error.attempts[1].took.map(|took| took.as_secs()), Some(6));
}

#[tokio::test(start_paused = true)]
async fn a_large_mail_gets_the_time_that_a_slow_uplink_takes() {
    let bench = Bench::new(Failover::Safe, &[&[Act::SayAfter(12 * SECOND, Outcome::Accepted)]]);
    let draft = Draft {
        to: vec!["b@example.org".parse().unwrap()],
        text: "x".repeat(1024 * 1024).parse().ok(),
        ..Draft::default()
    };
    let message = Message::new("a@example.org".parse().unwrap(), draft).unwrap();
    assert!(
        bench.dispatcher.send(message, Wishes::default(), ()).await.is_ok(),
        "10 s, and 1 s for each of four times 256 KiB"
    );
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_closes_while_another_is_slow_to_fail_is_tried_too() {
    let slow = Act::SayAfter(3 * SECOND, Outcome::AccountRefused);
    let bench = Bench::new(
        Failover::Safe,
        &[&[Act::Say(Outcome::Unavailable), Act::Say(Outcome::Accepted)], &[Act::Say(Outcome::Accepted), slow]],
    );
    assert!(bench.send().await.is_ok(), "the first is open now");
    let first = Arc::clone(&bench.dispatcher.upstreams[0]);
    let recovery = async {
        tokio::time::sleep(SECOND).await;
        assert!(first.circuit.begin_probing().is_some());
        let permit = first.circuit.admit_probe().expect("half open");
        assert!(
            !first.settle_probe(permit, &Verdict::new(Outcome::Accepted, Reason::Mock), false),
            "one dummy closes it"
        );
    };
    let (result, ()) = tokio::join!(bench.send(), recovery);
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(bench.calls(), [2, 2]);
}

#[tokio::test(start_paused = true)]
async fn no_attempt_starts_with_too_little_time_to_prove_anything() {
    let late = |seconds| Act::SayAfter(seconds * SECOND, Outcome::Unavailable);
    let bench = Bench::new(Failover::Safe, &[&[late(8)], &[late(6)], &[]]);
    assert_eq!(bench.failure().await, Failure::NotNow { retry_after: SECOND });
    assert_eq!(bench.calls(), [1, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_an_adapter_is_unknown_and_nobody_elses_fault() {
    let bench = Bench::new(Failover::Safe, &[&[Act::Panic, Act::Say(Outcome::Accepted)], &[]]);
    assert_eq!(bench.failure().await, Failure::Panicked);
    assert!(bench.send().await.is_ok(), "a mail that makes us panic closes its upstream to no other");
    assert_eq!(bench.calls(), [2, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_hangs_up_changes_nothing() {
    let bench =
        Bench::new(Failover::Safe, &[&[Act::SayAfter(SECOND, Outcome::Unavailable)], &[Act::Say(Outcome::Accepted)]]);
    let gone = tokio::time::timeout(SECOND / 2, bench.send()).await;
    assert!(gone.is_err());
    tokio::time::sleep(SECOND).await;
    assert_eq!(bench.calls(), [1, 1]);
}

//! Recovery on paused time, over a provider that counts its dummies.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::circuit;
use crate::metrics::Metrics;
use crate::outcome::Reason;
use crate::provider::{Call, Provider};
use crate::upstream;

const SECOND: Duration = Duration::from_secs(1);

/// Fails so many dummies, then takes the rest; a dummy takes a while, and two at once are an error.
struct Recovering {
    fails: u32,
    dummies: Arc<AtomicU32>,
    in_flight: AtomicU32,
}

impl Provider for Recovering {
    fn send<'a>(&'a self, _: &'a Message) -> Call<'a> {
        Box::pin(async { Verdict::new(Outcome::Accepted, Reason::Mock) })
    }

    fn probe<'a>(&'a self, _: &'a Message) -> Call<'a> {
        Box::pin(async {
            assert_eq!(self.in_flight.fetch_add(1, Ordering::SeqCst), 0, "two dummies in flight");
            sleep(SECOND / 10).await;
            self.in_flight.fetch_sub(1, Ordering::SeqCst);
            let before = self.dummies.fetch_add(1, Ordering::SeqCst);
            let outcome = if before < self.fails { Outcome::Unavailable } else { Outcome::Accepted };
            Verdict::new(outcome, Reason::Mock)
        })
    }
}

struct Bench {
    upstream: Arc<Upstream>,
    dummies: Arc<AtomicU32>,
}

/// An upstream whose circuit has just opened, and its supervisor.
async fn opened(fails: u32) -> Bench {
    let dummies = Arc::new(AtomicU32::new(0));
    let provider = Recovering { fails, dummies: Arc::clone(&dummies), in_flight: AtomicU32::new(0) };
    let settings = upstream::Settings {
        attempt_timeout: 10 * SECOND,
        connect_timeout: SECOND,
        probe_timeout: 10 * SECOND,
        first_wait: 5 * SECOND,
        circuit: circuit::Settings { consecutive_failures: 1, probes_to_close: 3 },
    };
    let metrics = Arc::new(Metrics::default());
    let upstream = Arc::new(Upstream::new("u".to_owned(), "recovering", Box::new(provider), settings, metrics));
    let backoff = Backoff { first: 5 * SECOND, longest: 300 * SECOND };
    let poll: Mailbox = "poll@example.org".parse().unwrap();
    let settings = Settings { backoff, from: poll.clone(), to: poll };
    tokio::spawn(supervise(Arc::clone(&upstream), Arc::new(settings)));
    open(&upstream);
    tokio::task::yield_now().await;
    Bench { upstream, dummies }
}

fn open(upstream: &Upstream) {
    let permit = upstream.circuit.admit().expect("closed");
    upstream.publish(permit.settle(Blame::Failure).expect("one failure opens"));
}

impl Bench {
    async fn closed(&self) {
        while self.upstream.circuit.snapshot().state != State::Closed {
            sleep(SECOND / 100).await;
        }
    }

    fn dummies(&self) -> u32 {
        self.dummies.load(Ordering::SeqCst)
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_back_is_found_after_the_first_wait_and_three_dummies() {
    let start = Instant::now();
    let bench = opened(0).await;
    bench.closed().await;
    let took = start.elapsed().as_secs_f64();
    // 5 s +- 20 %, three dummies of 0.1 s, two gaps of 1 s.
    assert!((6.2..8.4).contains(&took), "{took}");
    assert_eq!(bench.dummies(), 3);
}

#[tokio::test(start_paused = true)]
async fn every_failed_dummy_doubles_the_wait() {
    let start = Instant::now();
    let bench = opened(3).await;
    bench.closed().await;
    let took = start.elapsed().as_secs_f64();
    // 5 + 10 + 20 + 40 s +- 20 %, six dummies, two gaps.
    assert!((62.0..93.0).contains(&took), "{took}");
    assert_eq!(bench.dummies(), 6);
}

#[tokio::test(start_paused = true)]
async fn the_next_probe_is_known_to_others_while_the_circuit_is_open() {
    let bench = opened(0).await;
    sleep(SECOND).await;
    let left = bench.upstream.until_next_probe().expect("not closed").as_secs_f64();
    assert!((3.0..5.0).contains(&left), "{left}");
    bench.closed().await;
    assert_eq!(bench.upstream.until_next_probe(), None);
}

#[tokio::test(start_paused = true)]
async fn flapping_waits_longer_until_real_mail_has_gone_through_a_stable_circuit() {
    let bench = opened(0).await;
    bench.closed().await;
    open(&bench.upstream);
    bench.closed().await;
    assert_eq!(bench.upstream.circuit.snapshot().trips, 2, "closing by dummies forgives nothing");
    sleep(60 * SECOND).await;
    assert_eq!(bench.upstream.circuit.snapshot().trips, 2, "time alone forgives nothing");
    let permit = bench.upstream.circuit.admit().expect("closed");
    assert_eq!(permit.settle(Blame::Success), None);
    sleep(2 * SECOND).await;
    assert_eq!(bench.upstream.circuit.snapshot().trips, 1);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_opened_unannounced_is_found_by_the_tick() {
    let bench = opened(0).await;
    bench.closed().await;
    let permit = bench.upstream.circuit.admit().expect("closed");
    assert!(permit.settle(Blame::Failure).is_some(), "and nobody publishes it");
    bench.closed().await;
    assert_eq!(bench.dummies(), 6);
}

//! Supervision on paused time, over a provider that counts its probes.

mod early;
mod network;
mod ramp;
mod recovery;
mod watching;

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::delivery::circuit::{Override, Rates, Settings as Policies, TransitionReason};
use crate::delivery::provider::{Call, Capabilities, Delivery, Mode, Provider};
use crate::delivery::upstream;
use crate::delivery::upstream::fixture::ended;
use crate::delivery::upstream::history::Events;
use crate::model::message::{Mailbox, Message};
use crate::model::outcome::Reason;
use crate::runtime::metrics::Metrics;

const SECOND: Duration = Duration::from_secs(1);

/// Answers the first probes with an outcome, then takes the rest; a probe takes a while, and two at once are an error.
struct Recovering {
    outcome: Outcome,
    times: u32,
    probes: Arc<AtomicU32>,
    in_flight: AtomicU32,
}

impl Provider for Recovering {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        Box::pin(async move {
            if delivery.mode != Mode::Probe {
                return Verdict::new(Outcome::Accepted, Reason::Mock);
            }
            assert_eq!(self.in_flight.fetch_add(1, Ordering::SeqCst), 0, "two probes in flight");
            sleep(SECOND / 10).await;
            self.in_flight.fetch_sub(1, Ordering::SeqCst);
            let before = self.probes.fetch_add(1, Ordering::SeqCst);
            Verdict::new(if before < self.times { self.outcome } else { Outcome::Accepted }, Reason::Mock)
        })
    }
}

struct Supervised {
    upstream: Arc<Upstream>,
    probes: Arc<AtomicU32>,
}

fn limits() -> upstream::Settings {
    let rates = Rates { bucket: 1000, min_calls: 20, failure_rate: 0.5, slow_rate: None, early_failures: Some(2) };
    upstream::Settings {
        server: None,
        capabilities: Capabilities::ANY,
        attempt_timeout: 10 * SECOND,
        connect_timeout: SECOND,
        probe_timeout: 10 * SECOND,
        probe: upstream::Probe::Auto,
        slow_call: None,
        first_wait: 5 * SECOND,
        account_hold: 900 * SECOND,
        from_domains: None,
        sender_hold: 600 * SECOND,
        concurrency: 100,
        quota: upstream::quota::Settings::NONE,
        weight: 1,
        floor: 0,
        ramp: 30 * SECOND,
        circuit: Policies {
            consecutive_failures: 1,
            probes_to_close: 3,
            rates: Some(rates),
            ramps: true,
            start_closed: true,
            shards: 1,
        },
    }
}

/// Supervises an upstream whose provider answers the first `times` probes with this outcome.
async fn supervise_over(limits: upstream::Settings, outcome: Outcome, times: u32) -> Supervised {
    let probes = Arc::new(AtomicU32::new(0));
    let provider = Recovering { outcome, times, probes: Arc::clone(&probes), in_flight: AtomicU32::new(0) };
    supervise_provider(limits, Box::new(provider), probes).await
}

async fn supervise_provider(
    limits: upstream::Settings,
    provider: Box<dyn Provider>,
    probes: Arc<AtomicU32>,
) -> Supervised {
    let metrics = Metrics::default();
    let upstream = Arc::new(Upstream::new("u".to_owned(), "recovering", provider, limits, &metrics, Events::new(8)));
    let poll: Mailbox = "poll@example.org".parse().unwrap();
    let backoff = Backoff { first: 5 * SECOND, longest: 300 * SECOND };
    let settings = Settings { backoff, from: poll.clone(), to: poll };
    let alone = [Arc::clone(&upstream)].into();
    tokio::spawn(supervise(Arc::clone(&upstream), alone, Arc::new(settings)));
    tokio::task::yield_now().await;
    Supervised { upstream, probes }
}

/// A circuit that has just opened, and whose first probes fail.
async fn opened(fails: u32) -> Supervised {
    let supervised = supervise_over(limits(), Outcome::Unavailable, fails).await;
    supervised.mail(Outcome::Unavailable).await;
    supervised
}

fn small() -> Message {
    Message::probe(
        crate::runtime::ids::fresh().into(),
        "a@example.org".parse().unwrap(),
        "b@example.org".parse().unwrap(),
    )
}

impl Supervised {
    /// Settles a real mail with this outcome.
    async fn mail(&self, outcome: Outcome) {
        self.verdict(Verdict::new(outcome, Reason::Mock)).await;
    }

    async fn verdict(&self, verdict: Verdict) {
        let permit = self.upstream.try_admit().expect("closed");
        self.upstream.settle(permit, &small(), ended(&verdict));
        tokio::task::yield_now().await;
    }

    async fn until(&self, state: State) -> f64 {
        let start = Instant::now();
        while self.upstream.snapshot().state != state {
            sleep(SECOND / 100).await;
        }
        start.elapsed().as_secs_f64()
    }

    fn probes(&self) -> u32 {
        self.probes.load(Ordering::SeqCst)
    }

    fn trips(&self) -> u8 {
        self.upstream.snapshot().trips
    }

    fn ramp(&self) -> u8 {
        self.upstream.snapshot().ramp
    }
}

fn throttled(wait: Option<Duration>) -> Verdict {
    Verdict::new(Outcome::Throttled, Reason::Mock).waiting(wait)
}

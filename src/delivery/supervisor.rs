//! The task that brings an open circuit back, one per upstream: the only one to go `Open` -> `HalfOpen` -> `Closed`.
//!
//! It waits (back-off with jitter, never less than a provider asks for), then sends probes one at a time until enough in a
//! row were taken or one fails. After closing it raises the share of mail step by step. The wait doubles with every trip and
//! shrinks again only after real mail went through a circuit that stayed closed for as long as its last wait: probes alone
//! prove little. It does not grow while no provider at all can be reached: then the fault is ours, and mail must flow soon
//! after it is mended. Time is tokio's, so that tests can pause it. Deliberately absent: real mail.

mod backoff;
pub mod settings;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

pub use backoff::Backoff;
pub use settings::Settings;

use crate::delivery::circuit::{Rates, Snapshot, State, TransitionReason};
use crate::delivery::upstream::Upstream;
use crate::delivery::upstream::history::CircuitHistory;
use crate::model::outcome::{Blame, Outcome, Verdict};

/// How often a closed circuit is looked at, and how long an unpublished transition can go unseen.
const TICK: Duration = Duration::from_millis(250);

/// Watches over one of these upstreams for ever.
pub async fn supervise(upstream: Arc<Upstream>, all: Arc<[Arc<Upstream>]>, settings: Arc<Settings>) {
    let mut history = upstream.history();
    loop {
        let circuit = upstream.snapshot();
        match circuit.state {
            State::Closed => watch(&upstream, &settings, circuit, &mut history).await,
            State::Open => wait(&upstream, &settings, circuit, &mut history).await,
            State::HalfOpen => recover(&upstream, &all, &settings).await,
        }
    }
}

/// A little while, or less if the circuit has changed meanwhile.
async fn tick(upstream: &Upstream, history: &mut Receiver<CircuitHistory>, most: Duration) {
    upstream.beat();
    // Both ends of the wait mean the same: look again.
    let _ = timeout(TICK.min(most), history.changed()).await;
}

/// Stays while the circuit is closed in this generation: looks at its window, raises its ramp, decays its trips.
async fn watch(upstream: &Upstream, settings: &Settings, closed: Snapshot, history: &mut Receiver<CircuitHistory>) {
    let closed_at = Instant::now();
    upstream.clear_expired_hold();
    let mut trial = Trial { since: closed_at, fresh_from: closed_at, proven: false };
    while upstream.snapshot().generation == closed.generation {
        tick(upstream, history, TICK).await;
        upstream.evaluate();
        upstream.set_ramp(closed.generation, backoff::share(closed_at.elapsed(), upstream.settings().ramp));
        trial.look(upstream);
        let trips = upstream.snapshot().trips;
        if trips > 0 && trial.is_passed(settings.backoff.base_wait(trips)) {
            upstream.decay_trips(closed.generation);
            trial = Trial::anew(upstream);
        }
    }
}

/// A stretch of time in which a closed circuit proves itself by real mail.
struct Trial {
    since: Instant,
    /// From here on, what the window holds has happened within this trial.
    fresh_from: Instant,
    proven: bool,
}

impl Trial {
    fn anew(upstream: &Upstream) -> Self {
        let now = Instant::now();
        let window = upstream.settings().circuit.rates.map_or(0, |rates| rates.bucket * Rates::BUCKETS);
        Self { since: now, fresh_from: now + Duration::from_millis(window), proven: false }
    }

    fn look(&mut self, upstream: &Upstream) {
        self.proven |= Instant::now() >= self.fresh_from && upstream.counts().ok > 0;
    }

    fn is_passed(&self, stable: Duration) -> bool {
        self.proven && self.since.elapsed() >= stable
    }
}

/// Stays while the circuit is open for this same reason, until its wait is over; an operator's order changes nothing.
async fn wait(upstream: &Upstream, settings: &Settings, mut open: Snapshot, history: &mut Receiver<CircuitHistory>) {
    let held = upstream.until_not_before();
    let wait = match open.held {
        true => backoff::spread(held, fastrand::f64()),
        false => settings.backoff.wait(open.trips, fastrand::f64()).max(held),
    };
    let due = Instant::now() + wait;
    upstream.schedule_probe(wait);
    loop {
        // A mail that was under way may have been told of a longer wait meanwhile.
        let left = due.saturating_duration_since(Instant::now()).max(upstream.until_not_before());
        if left.is_zero() {
            return upstream.begin_probing();
        }
        tick(upstream, history, left).await;
        let now = upstream.snapshot();
        let ordered = history.borrow().last.is_some_and(|last| last.reason == TransitionReason::Override);
        let same = (now.state, now.trips, now.held) == (State::Open, open.trips, open.held);
        if !same || (now.generation != open.generation && !ordered) {
            return;
        }
        open = now;
    }
}

/// One recovery: sends probes until one decides. Each is bounded in time by its upstream, so this ends.
async fn recover(upstream: &Upstream, all: &[Arc<Upstream>], settings: &Settings) {
    while let Some(permit) = upstream.admit_probe() {
        upstream.beat();
        let verdict = upstream.probe(&settings.test_message()).await;
        log(upstream, &verdict);
        let others = || all.iter().filter(|other| other.name() != upstream.name());
        let cut_off = verdict.reason.is_unreachable()
            && others().next().is_some()
            && others().all(|other| other.is_unreachable());
        if !upstream.settle_probe(permit, &verdict, cut_off) {
            return;
        }
        upstream.schedule_probe(settings.gap());
        sleep(settings.gap()).await;
    }
}

fn log(upstream: &Upstream, verdict: &Verdict) {
    let Verdict { outcome, reason, .. } = *verdict;
    let (name, word) = (&**upstream.name(), outcome.as_str());
    if outcome == Outcome::Accepted {
        info!(upstream = name, outcome = word, %reason, "probe");
    } else if outcome.blame_of_probe() == Blame::Success {
        warn!(upstream = name, outcome = word, %reason, "probe: the provider is back but refuses the test message itself; check SMSP_POLL_MESSAGE_ADDRESS and SMSP_POLL_FROM_ADDRESS");
    } else {
        warn!(upstream = name, outcome = word, %reason, "probe");
    }
}

#[cfg(test)]
mod tests;

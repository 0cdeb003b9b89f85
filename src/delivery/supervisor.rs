//! Who brings an open circuit back: one task per upstream, sole author of `Open` -> `HalfOpen` -> `Closed`.
//!
//! It waits (back-off with jitter, never less than a provider asks for), then sends dummies one at a time until enough
//! in a row were taken or one fails. After closing it raises the share of mail step by step. The wait doubles with
//! every trip and shrinks again only after real mail went through a circuit that stayed closed for as long as its last
//! wait: dummies alone prove little; and it does not grow while no provider at all can be reached, for then the fault is
//! ours, and mail must flow soon after it is mended. Time is tokio's, so that tests can pause it. Deliberately absent: real mail.

mod backoff;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

pub use backoff::Backoff;

use crate::delivery::circuit::{Rates, Reason as Why, Snapshot, State};
use crate::delivery::upstream::Upstream;
use crate::delivery::upstream::story::Story;
use crate::model::message::{Mailbox, Message};
use crate::model::outcome::{Blame, Outcome, Verdict};

/// The longest gap between two dummies of one recovery.
const LONGEST_GAP: Duration = Duration::from_secs(1);
/// How often a closed circuit is looked at, and how long a transition that nobody published can go unseen.
const TICK: Duration = Duration::from_millis(250);

/// How dummies are sent.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long an open circuit waits.
    pub backoff: Backoff,
    /// Whom dummies come from.
    pub from: Mailbox,
    /// Where dummies go.
    pub to: Mailbox,
}

impl Settings {
    /// A dummy; each has an id of its own.
    pub fn dummy(&self) -> Message {
        Message::dummy(self.from.clone(), self.to.clone())
    }

    fn gap(&self) -> Duration {
        self.backoff.first.min(LONGEST_GAP)
    }
}

/// Watches over one of these upstreams for ever.
pub async fn supervise(upstream: Arc<Upstream>, all: Arc<[Arc<Upstream>]>, settings: Arc<Settings>) {
    let mut story = upstream.story();
    loop {
        let circuit = upstream.circuit.snapshot();
        match circuit.state {
            State::Closed => watch(&upstream, &settings, circuit, &mut story).await,
            State::Open => wait(&upstream, &settings, circuit, &mut story).await,
            State::HalfOpen => recover(&upstream, &all, &settings).await,
        }
    }
}

/// A little while, or less if the circuit has changed meanwhile.
async fn tick(upstream: &Upstream, story: &mut Receiver<Story>, most: Duration) {
    upstream.beat();
    // Both ends of the wait mean the same: look again.
    let _ = timeout(TICK.min(most), story.changed()).await;
}

/// Stays while the circuit is closed in this generation: looks at its window, raises its ramp, forgives its trips.
async fn watch(upstream: &Upstream, settings: &Settings, closed: Snapshot, story: &mut Receiver<Story>) {
    let closed_at = Instant::now();
    upstream.circuit.forget_hold();
    let mut trial = Trial { since: closed_at, fresh_from: closed_at, proven: false };
    while upstream.circuit.snapshot().generation == closed.generation {
        tick(upstream, story, TICK).await;
        upstream.evaluate();
        upstream.circuit.set_ramp(closed.generation, backoff::share(closed_at.elapsed(), upstream.settings.ramp));
        trial.look(upstream);
        let trips = upstream.circuit.snapshot().trips;
        if trips > 0 && trial.is_passed(settings.backoff.base_wait(trips)) {
            upstream.circuit.forgive(closed.generation);
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
        let window = upstream.settings.circuit.rates.map_or(0, |rates| rates.bucket * Rates::BUCKETS);
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
async fn wait(upstream: &Upstream, settings: &Settings, mut open: Snapshot, story: &mut Receiver<Story>) {
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
            return probing(upstream);
        }
        tick(upstream, story, left).await;
        let now = upstream.circuit.snapshot();
        let ordered = story.borrow().last.is_some_and(|last| last.reason == Why::Override);
        let same = (now.state, now.trips, now.held) == (State::Open, open.trips, open.held);
        if !same || (now.generation != open.generation && !ordered) {
            return;
        }
        open = now;
    }
}

fn probing(upstream: &Upstream) {
    if let Some(transition) = upstream.circuit.begin_probing() {
        upstream.publish(transition);
    }
}

/// One recovery: sends dummies until one decides. Each is bounded in time by its upstream, so this ends.
async fn recover(upstream: &Upstream, all: &[Arc<Upstream>], settings: &Settings) {
    while let Some(permit) = upstream.circuit.admit_probe() {
        upstream.beat();
        let verdict = upstream.probe(&settings.dummy()).await;
        report(upstream, &verdict);
        let others = || all.iter().filter(|other| other.name != upstream.name);
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

fn report(upstream: &Upstream, verdict: &Verdict) {
    let Verdict { outcome, reason, .. } = *verdict;
    let (name, word) = (&*upstream.name, outcome.as_str());
    upstream.metrics.probe(name, word);
    if outcome == Outcome::Accepted {
        info!(upstream = name, outcome = word, %reason, "probe");
    } else if outcome.blame_of_probe() == Blame::Success {
        warn!(upstream = name, outcome = word, %reason, "probe: the provider is back but refuses the dummy itself; check SMSP_POLL_MESSAGE_ADDRESS and SMSP_POLL_FROM_ADDRESS");
    } else {
        warn!(upstream = name, outcome = word, %reason, "probe");
    }
}

#[cfg(test)]
mod tests;

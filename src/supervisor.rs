//! Who brings an open circuit back: one task per upstream, sole author of `Open` -> `HalfOpen` -> `Closed`.
//!
//! It waits (back-off with jitter), then sends dummies one at a time until enough in a row were taken or one fails.
//! The wait doubles with every trip and shrinks again only after real mail went through a circuit that stayed closed
//! for as long as it was open: dummies alone prove little. Time is tokio's, so that tests can pause it. Deliberately
//! absent: real mail.

mod backoff;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::{info, warn};

pub use backoff::Backoff;

use crate::circuit::{Snapshot, State};
use crate::message::{Mailbox, Message};
use crate::outcome::{Blame, Outcome, Verdict};
use crate::upstream::Upstream;

/// The longest gap between two dummies of one recovery.
const LONGEST_GAP: Duration = Duration::from_secs(1);
/// How long a transition that nobody published (a permit lost in a panic) can go unseen.
const TICK: Duration = Duration::from_secs(1);

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
}

/// Watches over one upstream for ever.
pub async fn supervise(upstream: Arc<Upstream>, settings: Arc<Settings>) {
    loop {
        let circuit = upstream.circuit.snapshot();
        match circuit.state {
            State::Closed => watch(&upstream, &settings, circuit).await,
            State::Open => wait(&upstream, &settings, circuit).await,
            State::HalfOpen => probe(&upstream, &settings).await,
        }
    }
}

/// Stays while the circuit is closed in this generation, and forgives trips as it proves stable.
async fn watch(upstream: &Upstream, settings: &Settings, closed: Snapshot) {
    let mut since = Instant::now();
    loop {
        upstream.transition_within(TICK).await;
        let now = upstream.circuit.snapshot();
        if now.generation != closed.generation {
            return;
        }
        let stable = now.trips > 0 && since.elapsed() >= settings.backoff.base_wait(now.trips);
        if stable && upstream.circuit.forgive(closed.generation) {
            since = Instant::now();
        }
    }
}

async fn wait(upstream: &Upstream, settings: &Settings, open: Snapshot) {
    let wait = settings.backoff.wait(open.trips, fastrand::f64());
    upstream.schedule_probe(wait);
    sleep(wait).await;
    if let Some(transition) = upstream.circuit.begin_probing() {
        upstream.publish(transition);
    }
}

/// Sends dummies until one decides.
async fn probe(upstream: &Upstream, settings: &Settings) {
    while let Some(permit) = upstream.circuit.admit_probe() {
        let verdict = upstream.probe(&settings.dummy()).await;
        let outcome = verdict.outcome;
        report(upstream, &verdict);
        if let Some(transition) = permit.settle(outcome.blame_of_probe()) {
            return upstream.publish(transition);
        }
        let gap = settings.backoff.first.min(LONGEST_GAP);
        upstream.schedule_probe(gap);
        sleep(gap).await;
    }
}

fn report(upstream: &Upstream, verdict: &Verdict) {
    let Verdict { outcome, reason, .. } = *verdict;
    let (name, word) = (&upstream.name, outcome.as_str());
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

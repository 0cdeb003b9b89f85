//! One configured provider account: its adapter, its circuit, its time limits.
//!
//! Both who sends real mail and who sends dummies go through here, so that every call is bounded in time and a panic
//! of an adapter is a verdict like any other. Deliberately absent: the choice between upstreams, and permits.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use crate::circuit::{self, Circuit, State, Transition};
use crate::message::Message;
use crate::metrics::Metrics;
use crate::outcome::{Outcome, Reason, Verdict};
use crate::provider::{Call, Provider};

/// A large mail on a slow uplink may take this much longer than a small one: bytes per second.
const UPLINK: u32 = 256 * 1024;

/// What is particular to one upstream.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// For one attempt, without the extra time that a large mail gets.
    pub attempt_timeout: Duration,
    /// For DNS, TCP and TLS; at most half of the attempt's time.
    pub connect_timeout: Duration,
    /// For one dummy.
    pub probe_timeout: Duration,
    /// What an open circuit waits at first.
    pub first_wait: Duration,
    /// When its circuit opens and closes.
    pub circuit: circuit::Settings,
}

/// One configured provider account.
pub struct Upstream {
    /// As in `SMSP_PROVIDERS`.
    pub name: String,
    /// The kind of its provider.
    pub kind: &'static str,
    /// Its breaker.
    pub circuit: Circuit,
    /// Where its attempts and probes are counted.
    pub metrics: Arc<Metrics>,
    provider: Box<dyn Provider>,
    settings: Settings,
    transitions: Notify,
    epoch: Instant,
}

impl Upstream {
    /// With a closed circuit.
    pub fn new(
        name: String,
        kind: &'static str,
        provider: Box<dyn Provider>,
        settings: Settings,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            name,
            kind,
            circuit: Circuit::new(settings.circuit),
            metrics,
            provider,
            settings,
            transitions: Notify::new(),
            epoch: Instant::now(),
        }
    }

    /// How long an attempt may take of what is `left` of the request's time. `None`: too little to prove anything.
    pub fn time_for(&self, message: &Message, left: Duration) -> Option<Duration> {
        let size = u32::try_from(message.size()).unwrap_or(u32::MAX);
        let wanted = self.settings.attempt_timeout + Duration::from_secs(1) * size / UPLINK;
        (left >= self.settings.connect_timeout * 2).then(|| wanted.min(left))
    }

    /// Hands over one mail.
    pub async fn send(&self, message: &Message, time: Duration) -> Verdict {
        bounded(time, || self.provider.send(message)).await
    }

    /// Hands over one dummy.
    pub async fn probe(&self, dummy: &Message) -> Verdict {
        bounded(self.settings.probe_timeout, || self.provider.probe(dummy)).await
    }

    /// Tells the log and the supervisor of a transition. Whoever caused it calls this.
    pub fn publish(&self, transition: Transition) {
        let Transition { from, to, generation, trips } = transition;
        let (upstream, from, to_word) = (&self.name, from.as_str(), to.as_str());
        match to {
            State::Open => warn!(upstream, from, to = to_word, generation, trips, "circuit opened"),
            State::HalfOpen => info!(upstream, from, to = to_word, generation, trips, "circuit half open"),
            State::Closed => info!(upstream, from, to = to_word, generation, trips, "circuit closed"),
        }
        self.transitions.notify_one();
    }

    /// Waits for a transition, but not longer than `patience`.
    pub async fn transition_within(&self, patience: Duration) {
        // Both ends of the wait mean the same: look again.
        let _ = timeout(patience, self.transitions.notified()).await;
    }

    /// Lets the others know that the next dummy goes out after `wait`.
    pub fn schedule_probe(&self, wait: Duration) {
        let at = (self.epoch.elapsed() + wait).as_millis();
        self.circuit.schedule_probe(u64::try_from(at).unwrap_or(u64::MAX));
    }

    /// From now to the next dummy. `None`: the circuit is closed, nothing is waited for.
    pub fn until_next_probe(&self) -> Option<Duration> {
        let circuit = self.circuit.snapshot();
        let left = Duration::from_millis(circuit.next_probe).saturating_sub(self.epoch.elapsed());
        match circuit.state {
            State::Closed => None,
            // Just opened: the supervisor has not set the next one yet.
            State::Open if left.is_zero() => Some(self.settings.first_wait),
            State::Open | State::HalfOpen => Some(left),
        }
    }
}

async fn bounded<'a>(time: Duration, call: impl FnOnce() -> Call<'a>) -> Verdict {
    let call = async { call().await };
    match timeout(time, AssertUnwindSafe(call).catch_unwind()).await {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(_)) => Verdict::new(Outcome::Unknown, Reason::Panic),
        Err(_) => Verdict::new(Outcome::Unknown, Reason::Timeout),
    }
}

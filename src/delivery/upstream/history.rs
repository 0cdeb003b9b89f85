//! What has happened to a circuit: the last transition for readers, an event for listeners, a line of log.
//!
//! Published after the compare-and-swap that made it so. A slow listener loses the oldest events, one that panics loses its
//! own; neither can hold up a mail. Two threads may publish out of order: the newer generation stays.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::delivery::circuit::{Override, State, Transition, TransitionReason};

/// Where events go.
pub type Events = broadcast::Sender<Event>;

/// A transition of one upstream's circuit.
#[derive(Clone, Debug)]
pub struct Event {
    /// The upstream's name.
    pub upstream: Arc<str>,
    /// What happened.
    pub transition: Transition,
}

/// How a circuit came to be as it is.
#[derive(Clone, Copy, Debug)]
pub struct CircuitHistory {
    /// The last transition, if there was one.
    pub last: Option<Transition>,
    /// Why it is in its state, if it has ever left the first one.
    pub reason: Option<TransitionReason>,
    /// Since when it has been in its state.
    pub since: Instant,
    /// Since when it has been out of order: failed recoveries do not make an outage younger.
    pub outage_since: Option<Instant>,
    /// Since when it takes no mail, for whatever reason; `None`: it takes mail, or has taken none since the start.
    pub unusable_since: Option<Instant>,
}

impl CircuitHistory {
    pub(super) fn new(now: Instant) -> Self {
        Self { last: None, reason: None, since: now, outage_since: None, unusable_since: None }
    }

    /// For how long the upstream has taken no mail, if its circuit takes none. Nothing where the transition that says so is
    /// not recorded yet.
    pub fn unusable_for(&self) -> Duration {
        // Without a transition it has been so since the start.
        let since = self.unusable_since.or(self.last.is_none().then_some(self.since));
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Adds a transition, unless a newer one is known already.
    pub(super) fn record(&mut self, transition: Transition, now: Instant) -> bool {
        if self.last.is_some_and(|last| last.generation >= transition.generation) {
            return false;
        }
        if transition.from != transition.to {
            (self.since, self.reason) = (now, Some(transition.reason));
        }
        self.outage_since = match transition.to {
            State::Closed => None,
            State::Open | State::HalfOpen => self.outage_since.or(Some(now)),
        };
        self.unusable_since = match (transition.overriding, transition.to) {
            (Override::Closed, _) | (Override::Auto, State::Closed) => None,
            _ => self.unusable_since.or(Some(now)),
        };
        self.last = Some(transition);
        true
    }
}

/// One line per transition, with its reason.
pub(super) fn log(upstream: &str, transition: Transition) {
    let Transition { from, to, overriding, generation, trips, reason: cause } = transition;
    let (from, state, order, reason) = (from.as_str(), to.as_str(), overriding.as_str(), cause.as_str());
    match to {
        _ if cause == TransitionReason::Override => {
            info!(upstream, state, reason, order, generation, trips, "circuit override set");
        }
        _ if from == state => info!(upstream, state, reason, order, generation, trips, "circuit reset"),
        State::Open => warn!(upstream, from, to = state, reason, order, generation, trips, "circuit opened"),
        State::HalfOpen => info!(upstream, from, to = state, reason, order, generation, trips, "circuit half open"),
        State::Closed => info!(upstream, from, to = state, reason, order, generation, trips, "circuit closed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transition(generation: u64, from: State, to: State) -> Transition {
        Transition { from, to, overriding: Override::Auto, generation, trips: 1, reason: TransitionReason::ProbeFailed }
    }

    #[test]
    fn what_takes_no_mail_is_unusable_whether_it_has_failed_or_an_operator_says_so() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut history = CircuitHistory::new(start);
        let (closed, open) = (State::Closed, State::Open);
        for (seconds, overriding, to, since) in [
            (1, Override::Open, closed, Some(at(1))),
            (2, Override::Open, open, Some(at(1))),
            (3, Override::Auto, open, Some(at(1))),
            (4, Override::Closed, open, None),
            (5, Override::Auto, open, Some(at(5))),
            (6, Override::Auto, State::HalfOpen, Some(at(5))),
            (7, Override::Auto, closed, None),
        ] {
            history.record(Transition { overriding, ..transition(seconds, closed, to) }, at(seconds));
            assert_eq!(history.unusable_since, since, "{seconds}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_circuit_whose_opening_is_not_recorded_yet_has_been_unusable_for_no_time() {
        let start = Instant::now();
        let mut history = CircuitHistory::new(start);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(history.unusable_for(), Duration::from_secs(60), "never closed");
        history.record(transition(1, State::Open, State::Closed), Instant::now());
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(history.unusable_for(), Duration::ZERO, "the word has changed, and no transition says so");
        history.record(transition(2, State::Closed, State::Open), Instant::now());
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(history.unusable_for(), Duration::from_secs(60));
    }

    #[test]
    fn outage_keeps_its_age_through_failed_recoveries_until_the_circuit_closes() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut history = CircuitHistory::new(start);
        for (seconds, from, to) in
            [(1, State::Closed, State::Open), (2, State::Open, State::HalfOpen), (3, State::HalfOpen, State::Open)]
        {
            assert!(history.record(transition(seconds, from, to), at(seconds)));
            assert_eq!((history.since, history.outage_since), (at(seconds), Some(at(1))));
        }
        assert!(history.record(transition(5, State::HalfOpen, State::Closed), at(5)));
        assert!(!history.record(transition(4, State::Open, State::HalfOpen), at(6)), "an older transition came later");
        assert_eq!((history.since, history.outage_since), (at(5), None));
        let order = Transition { reason: TransitionReason::Override, ..transition(6, State::Closed, State::Closed) };
        assert!(history.record(order, at(6)));
        assert_eq!(
            (history.since, history.reason),
            (at(5), Some(TransitionReason::ProbeFailed)),
            "an order is not a state"
        );
    }
}

//! What has happened to a circuit: the last transition for those who look, an event for those who listen.
//!
//! Told after the compare-and-swap that made it so. A listener who is slow loses the oldest events, one who panics
//! loses its own; neither can hold up a mail. Two threads may tell out of order: the newer generation stays.

use std::sync::Arc;

use tokio::sync::broadcast;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::delivery::circuit::{Reason, State, Transition};

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
pub struct Story {
    /// The last transition, if there was one.
    pub last: Option<Transition>,
    /// Why it is in its state, if it has ever left the first one.
    pub reason: Option<Reason>,
    /// Since when it has been in its state.
    pub since: Instant,
    /// Since when it has been out of order: failed recoveries do not make an outage younger.
    pub outage_since: Option<Instant>,
}

impl Story {
    pub(super) fn new(now: Instant) -> Self {
        Self { last: None, reason: None, since: now, outage_since: None }
    }

    /// Adds a transition, unless a newer one is known already.
    pub(super) fn go_on(&mut self, transition: Transition, now: Instant) -> bool {
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
        self.last = Some(transition);
        true
    }
}

/// One line per transition, with the reason.
pub(super) fn log(upstream: &str, transition: Transition) {
    let Transition { from, to, overriding, generation, trips, reason } = transition;
    let (from, to_word, order, reason) = (from.as_str(), to.as_str(), overriding.as_str(), reason.as_str());
    match to {
        _ if from == to_word => info!(upstream, state = to_word, reason, order, generation, trips, "circuit ordered"),
        State::Open => warn!(upstream, from, to = to_word, reason, order, generation, trips, "circuit opened"),
        State::HalfOpen => info!(upstream, from, to = to_word, reason, order, generation, trips, "circuit half open"),
        State::Closed => info!(upstream, from, to = to_word, reason, order, generation, trips, "circuit closed"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::delivery::circuit::Override;

    fn transition(generation: u64, from: State, to: State) -> Transition {
        Transition { from, to, overriding: Override::Auto, generation, trips: 1, reason: Reason::ProbeFailed }
    }

    #[test]
    fn an_outage_keeps_its_age_through_failed_recoveries_until_the_circuit_closes() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut story = Story::new(start);
        for (seconds, from, to) in
            [(1, State::Closed, State::Open), (2, State::Open, State::HalfOpen), (3, State::HalfOpen, State::Open)]
        {
            assert!(story.go_on(transition(seconds, from, to), at(seconds)));
            assert_eq!((story.since, story.outage_since), (at(seconds), Some(at(1))));
        }
        assert!(story.go_on(transition(5, State::HalfOpen, State::Closed), at(5)));
        assert!(!story.go_on(transition(4, State::Open, State::HalfOpen), at(6)), "older news came later");
        assert_eq!((story.since, story.outage_since), (at(5), None));
        let order = Transition { reason: Reason::Override, ..transition(6, State::Closed, State::Closed) };
        assert!(story.go_on(order, at(6)));
        assert_eq!((story.since, story.reason), (at(5), Some(Reason::ProbeFailed)), "an order is not a state");
    }
}

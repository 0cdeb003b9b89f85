//! When the circuit is probed, when it may take mail again, and whether its supervisor lives.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Upstream;
use crate::delivery::circuit::{Override, State, TransitionReason};

impl Upstream {
    /// Did its circuit start open, with no probe judged yet?
    pub fn is_undecided(&self) -> bool {
        let undecided = [None, Some(TransitionReason::ProbeDue), Some(TransitionReason::ProbeLost)];
        !self.settings.circuit.start_closed && undecided.contains(&self.history.borrow().reason)
    }

    /// Why its circuit takes no mail, in the word of a transition: an operator's order, or why it is in its state. `None`: it
    /// has started open, and no probe has been sent yet.
    pub fn why_circuit_takes_no_mail(&self) -> Option<&'static str> {
        let is_forced = self.circuit.snapshot().overriding == Override::Open;
        let order = is_forced.then_some(TransitionReason::Override);
        order.or_else(|| self.history.borrow().reason).map(TransitionReason::as_str)
    }

    /// Is the circuit not closed, and could no connection be made for the last call?
    pub fn is_unreachable(&self) -> bool {
        self.circuit.snapshot().state != State::Closed && self.unreachable.load(Ordering::Acquire)
    }

    /// Records that the supervisor lives.
    pub fn beat(&self) {
        self.heartbeat.store(self.now(), Ordering::Release);
    }

    /// How long ago the supervisor was last seen.
    pub fn supervisor_age(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.heartbeat.load(Ordering::Acquire)))
    }

    /// Records that the next probe goes out after `wait`, for others to read.
    pub fn schedule_probe(&self, wait: Duration) {
        self.circuit.schedule_probe(self.after(wait));
    }

    /// From now until the circuit may be probed, as far as the provider has asked for a wait, or the account was refused.
    pub fn until_not_before(&self) -> Duration {
        Duration::from_millis(self.circuit.snapshot().not_before.saturating_sub(self.now()))
    }

    /// From now to the next probe. `None`: the circuit is closed.
    pub fn until_next_probe(&self) -> Option<Duration> {
        let circuit = self.circuit.snapshot();
        let left = |at: u64| Duration::from_millis(at.saturating_sub(self.now()));
        match (circuit.state, left(circuit.next_probe.max(circuit.not_before))) {
            (State::Closed, _) => None,
            // Just opened: the supervisor has not set the next one yet.
            (State::Open, Duration::ZERO) => Some(self.settings.first_wait),
            (State::Open, wait) => Some(wait),
            (State::HalfOpen, _) => Some(left(circuit.next_probe)),
        }
    }

    /// From now until it may take mail, as far as is known of its circuit and its rates. `None`: an operator has forced it
    /// open.
    pub fn until_usable(&self) -> Option<Duration> {
        let forced = self.circuit.snapshot().overriding == Override::Open;
        (!forced).then(|| self.until_next_probe().unwrap_or_default().max(self.until_token()))
    }
}

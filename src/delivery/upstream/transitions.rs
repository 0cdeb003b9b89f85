//! The circuit of an upstream in its time, with an audience: every transition is published by the method that caused it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::Upstream;
use super::history::{self, CircuitHistory, Event};
use crate::delivery::circuit::{Counts, Override, Permit, ProbePermit, Snapshot, Transition};

impl Upstream {
    /// What the circuit looks like now.
    pub fn snapshot(&self) -> Snapshot {
        self.circuit.snapshot()
    }

    /// What the window of the circuit holds now.
    pub fn counts(&self) -> Counts {
        self.circuit.counts(self.now())
    }

    /// What has happened to the circuit; tells of changes.
    pub fn history(&self) -> watch::Receiver<CircuitHistory> {
        self.history.subscribe()
    }

    /// Lets one real mail pass, if the circuit does.
    pub fn try_admit(&self) -> Option<Permit<'_>> {
        self.circuit.admit()
    }

    /// Lets one probe pass if the circuit is half open. The supervisor's call.
    pub fn admit_probe(&self) -> Option<ProbePermit<'_>> {
        self.circuit.admit_probe()
    }

    /// Applies an operator's order. Was it a change?
    pub fn override_circuit(&self, order: Override) -> bool {
        self.publish_any(self.circuit.set_override(order))
    }

    /// Closes the circuit with a clean slate, and forgets which senders the provider has refused; an override stays.
    pub fn reset(&self) {
        self.held_senders.clear();
        self.publish_any(self.circuit.reset());
    }

    /// `Open` to `HalfOpen`: probes may pass. The supervisor's call.
    pub fn begin_probing(&self) {
        self.publish_any(self.circuit.begin_probing());
    }

    /// Opens the circuit if its window says so. The supervisor's call.
    pub fn evaluate(&self) {
        self.publish_any(self.circuit.evaluate(self.now()));
    }

    /// Raises the share of mail, of 127, that the closed circuit of this generation takes. The supervisor's call.
    pub fn set_ramp(&self, generation: u64, share: u8) {
        self.circuit.set_ramp(generation, share);
    }

    /// Takes one trip off the closed circuit of this generation. The supervisor's call.
    pub fn decay_trips(&self, generation: u64) {
        self.circuit.decay_trips(generation);
    }

    /// Clears the hold that a closed circuit has outlived. The supervisor's call.
    pub fn clear_expired_hold(&self) {
        self.circuit.clear_expired_hold();
    }

    fn publish_any(&self, transition: Option<Transition>) -> bool {
        transition.into_iter().for_each(|transition| self.publish(transition));
        transition.is_some()
    }

    /// Counts, logs and sends out a transition, after the fact.
    pub(super) fn publish(&self, transition: Transition) {
        self.metrics.transition(transition.reason.as_str());
        history::log(&self.name, transition);
        self.history.send_if_modified(|history| history.record(transition, Instant::now()));
        // An error says that there is no listener, which is fine.
        let _ = self.events.send(Event { upstream: Arc::clone(&self.name), transition });
    }

    /// Milliseconds since this upstream began: the circuit's time.
    pub(super) fn now(&self) -> u64 {
        self.after(Duration::ZERO)
    }

    /// The circuit's time after this wait.
    pub(super) fn after(&self, wait: Duration) -> u64 {
        u64::try_from((self.epoch.elapsed() + wait).as_millis()).unwrap_or(u64::MAX - 1)
    }
}

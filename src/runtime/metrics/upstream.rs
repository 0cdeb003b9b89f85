//! The counters of one upstream, resolved once: to count a mail there takes no lock, no label and no allocation.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use super::labels::{Attempt, Transition, Upstream};

/// The counters of one upstream. Those of every outcome are shown from the start, as 0.
pub struct UpstreamMetrics {
    name: String,
    attempts: ByOutcome,
    attempt_duration: Histogram,
    probes: ByOutcome,
    skipped: ByOutcome,
    rejected: Counter,
    stale_results: Counter,
    unlisted: Counter,
    transitions: Family<Transition, Counter>,
}

/// A counter for each outcome.
struct ByOutcome(Box<[(&'static str, Counter)]>);

/// The families that the counters of an upstream belong to.
pub(super) struct Families<'a> {
    pub(super) attempts: &'a Family<Attempt, Counter>,
    pub(super) attempt_duration: &'a Family<Upstream, Histogram>,
    pub(super) probes: &'a Family<Attempt, Counter>,
    pub(super) skipped: &'a Family<Attempt, Counter>,
    pub(super) rejected: &'a Family<Upstream, Counter>,
    pub(super) stale_results: &'a Family<Upstream, Counter>,
    pub(super) unlisted: &'a Family<Upstream, Counter>,
    pub(super) transitions: &'a Family<Transition, Counter>,
}

impl UpstreamMetrics {
    pub(super) fn new(upstream: &str, outcomes: &[&'static str], families: &Families<'_>) -> Self {
        let label = Upstream { upstream: upstream.to_owned() };
        let by_outcome = |family| ByOutcome::new(upstream, outcomes, family);
        Self {
            name: upstream.to_owned(),
            attempts: by_outcome(families.attempts),
            attempt_duration: families.attempt_duration.get_or_create(&label).clone(),
            probes: by_outcome(families.probes),
            skipped: by_outcome(families.skipped),
            rejected: families.rejected.get_or_create(&label).clone(),
            stale_results: families.stale_results.get_or_create(&label).clone(),
            unlisted: families.unlisted.get_or_create(&label).clone(),
            transitions: families.transitions.clone(),
        }
    }

    /// Counts an attempt and its duration.
    pub fn attempt(&self, outcome: &'static str, took: Duration) {
        self.attempt_duration.observe(took.as_secs_f64());
        self.attempts.count(outcome);
    }

    /// Counts a probe.
    pub fn probe(&self, outcome: &'static str) {
        self.probes.count(outcome);
    }

    /// Counts a mail that skipped this upstream, because the attempt would have had this outcome.
    pub fn skipped(&self, outcome: &'static str) {
        self.skipped.count(outcome);
    }

    /// Counts a mail that the circuit rejected because it was not closed.
    pub fn circuit_rejected(&self) {
        self.rejected.inc();
    }

    /// Counts a result that the circuit ignored because it had changed since the attempt began.
    pub fn circuit_stale_result(&self) {
        self.stale_results.inc();
    }

    /// Counts an answer of the provider in its own form, by a code that no table lists.
    pub fn unlisted(&self) {
        self.unlisted.inc();
    }

    /// Counts a state change of the circuit; these are rare, so their label is looked up.
    pub fn transition(&self, reason: &'static str) {
        self.transitions.get_or_create(&Transition { upstream: self.name.clone(), reason }).inc();
    }
}

impl ByOutcome {
    fn new(upstream: &str, outcomes: &[&'static str], family: &Family<Attempt, Counter>) -> Self {
        let counter = |&outcome: &&'static str| {
            let labels = Attempt { upstream: upstream.to_owned(), outcome };
            (outcome, family.get_or_create(&labels).clone())
        };
        Self(outcomes.iter().map(counter).collect())
    }

    /// An outcome that was not declared is not counted.
    fn count(&self, outcome: &'static str) {
        if let Some((_, counter)) = self.0.iter().find(|(known, _)| *known == outcome) {
            counter.inc();
        }
    }
}

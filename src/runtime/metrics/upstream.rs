//! The counters of one upstream, resolved once: to count a mail there takes no lock, no label and no allocation.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use super::counters::Counters;
use super::labels::{Attempt, Upstream, UpstreamReason};
use super::upstreams::Families;

/// The counters of one upstream. Those of every outcome and skip reason are shown from the start, as 0.
pub struct UpstreamMetrics {
    name: String,
    attempts: Counters,
    attempt_duration: Histogram,
    probes: Counters,
    skipped: Counters,
    rejected: Counter,
    stale_results: Counter,
    unlisted: Counter,
    transitions: Family<UpstreamReason, Counter>,
}

impl UpstreamMetrics {
    pub(super) fn new(upstream: &str, outcomes: &[&'static str], skips: &[&'static str], families: &Families) -> Self {
        let label = Upstream { upstream: upstream.to_owned() };
        let attempt = |outcome| Attempt { upstream: upstream.to_owned(), outcome };
        let skip = |reason| UpstreamReason { upstream: upstream.to_owned(), reason };
        Self {
            name: upstream.to_owned(),
            attempts: Counters::new(outcomes, &families.attempts, attempt),
            attempt_duration: families.attempt_duration.get_or_create(&label).clone(),
            probes: Counters::new(outcomes, &families.probes, attempt),
            skipped: Counters::new(skips, &families.skipped, skip),
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

    /// Counts a mail that was not handed to this upstream.
    pub fn skipped(&self, reason: &'static str) {
        self.skipped.count(reason);
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
        self.transitions.get_or_create(&UpstreamReason { upstream: self.name.clone(), reason }).inc();
    }
}

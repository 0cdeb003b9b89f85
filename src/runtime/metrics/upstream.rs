//! The counters of one upstream, resolved once: to count a mail there takes no lock, no label and no allocation.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;

use super::counters::Counters;
use super::labels::{Attempt, AttemptClass, Upstream, UpstreamReason};
use super::upstreams::Families;

/// The values of the labels.
pub struct UpstreamWords<'a> {
    /// What attempts and probes come to.
    pub outcomes: &'a [&'static str],
    /// Why mails are skipped.
    pub skips: &'a [&'static str],
    /// Why the circuit changes.
    pub transitions: &'a [&'static str],
}

/// The counters of one upstream. Those of every word are shown from the start, as 0.
pub struct UpstreamMetrics {
    attempts: Counters,
    judged: Histogram,
    failed: Histogram,
    probes: Counters,
    skipped: Counters,
    rejected: Counter,
    stale_results: Counter,
    unlisted: Counter,
    transitions: Counters,
}

impl UpstreamMetrics {
    pub(super) fn new(upstream: &str, words: &UpstreamWords<'_>, families: &Families) -> Self {
        let label = Upstream { upstream: upstream.to_owned() };
        let attempt = |outcome| Attempt { upstream: upstream.to_owned(), outcome };
        let reason = |reason| UpstreamReason { upstream: upstream.to_owned(), reason };
        let duration = |class| {
            let labels = AttemptClass { upstream: upstream.to_owned(), class };
            families.attempt_duration.get_or_create(&labels).clone()
        };
        Self {
            attempts: Counters::new(words.outcomes, &families.attempts, attempt),
            judged: duration("ok"),
            failed: duration("fault"),
            probes: Counters::new(words.outcomes, &families.probes, attempt),
            skipped: Counters::new(words.skips, &families.skipped, reason),
            rejected: families.rejected.get_or_create(&label).clone(),
            stale_results: families.stale_results.get_or_create(&label).clone(),
            unlisted: families.unlisted.get_or_create(&label).clone(),
            transitions: Counters::new(words.transitions, &families.transitions, reason),
        }
    }

    /// Counts an attempt and its duration. Has the upstream taken the mail, or judged it?
    pub fn attempt(&self, outcome: &'static str, is_judgement: bool, took: Duration) {
        let duration = if is_judgement { &self.judged } else { &self.failed };
        duration.observe(took.as_secs_f64());
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

    /// Counts a mail that would have come here next, had the circuit been closed.
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

    /// Counts a change of the circuit.
    pub fn transition(&self, reason: &'static str) {
        self.transitions.count(reason);
    }
}

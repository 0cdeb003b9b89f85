//! The families of what is counted by upstream.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::labels::{Attempt, AttemptClass, Upstream, UpstreamReason};

/// Upper bounds in seconds. Mail providers answer in tens of milliseconds; an attempt times out after ten seconds.
pub(super) const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// A counter for each upstream, or for each upstream and word.
pub(super) struct Families {
    pub(super) attempts: Family<Attempt, Counter>,
    pub(super) attempt_duration: Family<AttemptClass, Histogram>,
    pub(super) probes: Family<Attempt, Counter>,
    pub(super) transitions: Family<UpstreamReason, Counter>,
    pub(super) stale_results: Family<Upstream, Counter>,
    pub(super) rejected: Family<Upstream, Counter>,
    pub(super) skipped: Family<UpstreamReason, Counter>,
    pub(super) unlisted: Family<Upstream, Counter>,
}

impl Default for Families {
    fn default() -> Self {
        Self {
            attempts: Family::default(),
            attempt_duration: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            probes: Family::default(),
            transitions: Family::default(),
            stale_results: Family::default(),
            rejected: Family::default(),
            skipped: Family::default(),
            unlisted: Family::default(),
        }
    }
}

impl Families {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("attempts", "Attempts to hand a mail to an upstream, by outcome", self.attempts.clone());
        registry.register(
            "attempt_duration_seconds",
            "Time from handing a mail to an upstream to its answer; class ok if the upstream took the mail or judged it, else fault",
            self.attempt_duration.clone(),
        );
        registry.register("probes", "Probes of circuits that are not closed, by outcome", self.probes.clone());
        registry.register(
            "circuit_transitions",
            "Changes of a circuit's state or override, by reason",
            self.transitions.clone(),
        );
        registry.register(
            "circuit_stale_results",
            "Results that a circuit ignored because it had changed since the attempt began",
            self.stale_results.clone(),
        );
        registry.register(
            "circuit_rejected",
            "Mails that would have come to this upstream next and found its circuit not closed, by state or override",
            self.rejected.clone(),
        );
        registry.register("skipped", "Mails that were not handed to an upstream, by the reason", self.skipped.clone());
        registry.register(
            "unlisted_answers",
            "Refusals by a provider code that this version does not list",
            self.unlisted.clone(),
        );
    }
}

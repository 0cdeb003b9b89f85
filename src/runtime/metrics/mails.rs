//! What is counted of mails, whatever upstream they go to.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::labels::Route;

/// The part of the metrics that is about mails.
#[derive(Default)]
pub struct Mails {
    routed: Family<Route, Counter>,
    unknown: Counter,
}

impl Mails {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("routed", "Mails handed to an upstream, by the rule that chose it", self.routed.clone());
        registry.register(
            "unknown",
            "Mails whose caller was told that delivery is unknown; repeats are not counted",
            self.unknown.clone(),
        );
    }

    /// Mails by the rule that chose their upstream.
    pub(super) fn routed(&self) -> &Family<Route, Counter> {
        &self.routed
    }

    /// Counts a mail whose delivery is unknown when the caller gets its answer.
    pub fn unknown(&self) {
        self.unknown.inc();
    }
}

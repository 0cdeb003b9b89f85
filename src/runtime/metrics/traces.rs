//! What is counted of traces.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

/// The part of the metrics that is about traces.
#[derive(Default)]
pub struct Traces {
    spans_dropped: Counter,
}

impl Traces {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "spans_dropped",
            "Spans of traces that are not known to have reached the collector",
            self.spans_dropped.clone(),
        );
    }

    /// Counts spans that were dropped.
    pub fn spans_dropped(&self, spans: u64) {
        self.spans_dropped.inc_by(spans);
    }
}

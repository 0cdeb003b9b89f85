//! How high gauges may rise, as this node is configured, so that an alert needs no number of its own.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::numbers::whole;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    of: &'static str,
}

/// The limits of gauges that show how much of something is used.
#[derive(Default)]
pub struct Limits {
    most: Family<Of, Gauge>,
}

impl Limits {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "limit",
            "The most that a gauge may show; of is its name without its prefix",
            self.most.clone(),
        );
    }

    /// Sets the limit of the gauge of this name, without its prefix.
    pub fn set(&self, of: &'static str, most: impl TryInto<i64>) {
        self.most.get_or_create(&Of { of }).set(whole(most));
    }
}

//! What is counted at the admin listener: requests that it refused, and how long overrides still hold.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::labels::Upstream;
use super::numbers::{Real, whole};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    reason: &'static str,
}

/// The admin listener's part of the metrics.
#[derive(Default)]
pub struct Admin {
    refused: Family<Refused, Counter>,
    override_ends: Family<Upstream, Real>,
    orders_unwritten: Gauge,
}

impl Admin {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "admin_refused",
            "Requests to the admin listener that lacked a key or a role, by reason",
            self.refused.clone(),
        );
        registry.register(
            "circuit_override_ends_seconds",
            "Time until the override ends by itself; 0 if it does not, or there is none",
            self.override_ends.clone(),
        );
        registry.register(
            "circuit_orders_unwritten",
            "Orders for circuits that hold at this node and are not in the store yet",
            self.orders_unwritten.clone(),
        );
    }

    /// Shows a count for each of these reasons, from 0 on.
    pub fn expect_refusals(&self, reasons: &[&'static str]) {
        for reason in reasons {
            drop(self.refused.get_or_create(&Refused { reason }));
        }
    }

    /// One request that was refused.
    pub fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&Refused { reason }).inc();
    }

    /// Seconds until the override of this upstream ends by itself; 0 if it does not.
    pub fn override_ends(&self, upstream: &str, seconds: f64) {
        self.override_ends.get_or_create(&Upstream { upstream: upstream.to_owned() }).set(seconds);
    }

    /// So many orders for circuits wait to be written to the store.
    pub fn orders_unwritten(&self, orders: usize) {
        self.orders_unwritten.set(whole(orders));
    }
}

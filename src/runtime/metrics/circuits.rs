//! The states and overrides of circuits. They are set when the page is asked for, so a mail does nothing for them.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::labels::{CircuitOverride, CircuitState};

/// The part of the metrics that shows what circuits are like.
#[derive(Default)]
pub struct Circuits {
    state: Family<CircuitState, Gauge>,
    overrides: Family<CircuitOverride, Gauge>,
}

impl Circuits {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("circuit_state", "1 for the state that a circuit is in", self.state.clone());
        registry.register("circuit_override", "1 for the override that is in force", self.overrides.clone());
    }

    /// Sets whether a circuit is in this state.
    pub fn state(&self, upstream: &str, state: &'static str, is: bool) {
        let labels = CircuitState { upstream: upstream.to_owned(), state };
        self.state.get_or_create(&labels).set(i64::from(is));
    }

    /// Sets whether this override is in force.
    pub fn overriding(&self, upstream: &str, order: &'static str, is: bool) {
        let labels = CircuitOverride { upstream: upstream.to_owned(), r#override: order };
        self.overrides.get_or_create(&labels).set(i64::from(is));
    }
}

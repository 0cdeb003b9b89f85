//! The metrics of the listeners: what is in flight, what was shed, which connections were closed.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::numbers::whole;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    reason: &'static str,
}

/// The metrics of every listener of this process.
#[derive(Default)]
pub struct Edge {
    connections: Gauge,
    in_flight: Gauge,
    in_flight_bytes: Gauge,
    shed: Family<Labels, Counter>,
    closed: Family<Labels, Counter>,
}

/// An amount added to a gauge, taken off again when this is dropped.
pub struct Held {
    gauge: Gauge,
    amount: i64,
}

impl Held {
    fn of(gauge: &Gauge, amount: i64) -> Self {
        gauge.inc_by(amount);
        Self { gauge: gauge.clone(), amount }
    }

    /// Adds more to the gauge.
    pub fn grow(&mut self, more: usize) {
        let more = whole(more);
        self.gauge.inc_by(more);
        self.amount += more;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.gauge.dec_by(self.amount);
    }
}

impl Edge {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("connections", "Open connections of all listeners", self.connections.clone());
        registry.register(
            "in_flight",
            "Mails whose body has arrived and that have no answer yet",
            self.in_flight.clone(),
        );
        registry.register("in_flight_bytes", "Bytes of request bodies in memory", self.in_flight_bytes.clone());
        registry.register(
            "shed",
            "Connections, bodies and mails refused because a limit of this node was reached, by limit",
            self.shed.clone(),
        );
        registry.register(
            "connections_closed",
            "Connections closed by us, by what the client did",
            self.closed.clone(),
        );
    }

    /// Counts an open connection until the result is dropped.
    pub fn connection(&self) -> Held {
        Held::of(&self.connections, 1)
    }

    /// Counts a mail in flight until the result is dropped.
    pub fn in_flight(&self) -> Held {
        Held::of(&self.in_flight, 1)
    }

    /// Counts the bytes of a body, 0 so far, until the result is dropped.
    pub fn body(&self) -> Held {
        Held::of(&self.in_flight_bytes, 0)
    }

    /// Counts a connection or mail that was shed, by the limit that was reached.
    pub fn shed(&self, reason: &'static str) {
        self.shed.get_or_create(&Labels { reason }).inc();
    }

    /// Counts a connection that we closed, by what its client did.
    pub fn connection_closed(&self, reason: &'static str) {
        self.closed.get_or_create(&Labels { reason }).inc();
    }
}

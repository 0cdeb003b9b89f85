//! What is counted at the doors: what is held now, and what was shed.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Why {
    reason: &'static str,
}

/// The doors' part of the metrics.
#[derive(Default)]
pub struct Edge {
    connections: Gauge,
    in_flight: Gauge,
    in_flight_bytes: Gauge,
    shed: Family<Why, Counter>,
    cut: Family<Why, Counter>,
}

/// So much of a gauge, until it is dropped.
pub struct Held {
    gauge: Gauge,
    amount: i64,
}

impl Held {
    fn of(gauge: &Gauge, amount: i64) -> Self {
        gauge.inc_by(amount);
        Self { gauge: gauge.clone(), amount }
    }

    /// Holds so much more.
    pub fn grow(&mut self, more: usize) {
        let more = i64::try_from(more).unwrap_or(i64::MAX);
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
        registry.register("connections", "Open connections, of both doors", self.connections.clone());
        registry.register("in_flight", "Mails that are being worked on", self.in_flight.clone());
        registry.register("in_flight_bytes", "Bytes of bodies that are held", self.in_flight_bytes.clone());
        registry.register("shed", "What was turned away for want of room, by what was full", self.shed.clone());
        registry.register("cut", "Connections that we ended, by what their callers did", self.cut.clone());
    }

    /// One open connection.
    pub fn connection(&self) -> Held {
        Held::of(&self.connections, 1)
    }

    /// One mail that is being worked on.
    pub fn in_flight(&self) -> Held {
        Held::of(&self.in_flight, 1)
    }

    /// Bytes of a body, none yet.
    pub fn body(&self) -> Held {
        Held::of(&self.in_flight_bytes, 0)
    }

    /// One connection or mail that was turned away, because this was full.
    pub fn shed(&self, reason: &'static str) {
        self.shed.get_or_create(&Why { reason }).inc();
    }

    /// One connection that we ended, because its caller did this.
    pub fn cut(&self, reason: &'static str) {
        self.cut.get_or_create(&Why { reason }).inc();
    }
}

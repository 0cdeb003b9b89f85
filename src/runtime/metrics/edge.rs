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

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Connections {
    listener: &'static str,
}

/// A listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// That of callers.
    Api,
    /// That of operators.
    Admin,
}

/// The limit that was reached where something was shed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShedReason {
    /// Connections.
    Connections,
    /// Bytes of bodies.
    Bytes,
    /// Mails in flight.
    InFlight,
}

/// What a client did that ended its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientFault {
    /// It was too slow with a head, or in taking an answer.
    Slow,
    /// It sent a head that two servers could read in two ways, or none can read.
    Ambiguous,
    /// It sent a head that is too long, or has too many headers.
    TooLong,
}

impl Listener {
    const WORDS: [&str; 2] = ["api", "admin"];

    /// Its name.
    pub(super) fn as_str(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

impl ShedReason {
    const WORDS: [&str; 3] = ["connections", "bytes", "in_flight"];
}

impl ClientFault {
    const WORDS: [&str; 3] = ["slow", "ambiguous", "too_long"];
}

/// The metrics of every listener of this process.
pub struct Edge {
    connections: Family<Connections, Gauge>,
    /// By listener.
    open: [Gauge; 2],
    in_flight: Gauge,
    in_flight_bytes: Gauge,
    shed: Reasons,
    closed: Reasons,
}

/// A counter for each of three reasons, from the start.
struct Reasons {
    family: Family<Labels, Counter>,
    counters: [Counter; 3],
}

impl Reasons {
    fn new(words: [&'static str; 3]) -> Self {
        let family = Family::<Labels, Counter>::default();
        let counters = words.map(|reason| family.get_or_create(&Labels { reason }).clone());
        Self { family, counters }
    }
}

impl Default for Edge {
    fn default() -> Self {
        let connections = Family::<Connections, Gauge>::default();
        let open = Listener::WORDS.map(|listener| connections.get_or_create(&Connections { listener }).clone());
        let (in_flight, in_flight_bytes) = (Gauge::default(), Gauge::default());
        let (shed, closed) = (Reasons::new(ShedReason::WORDS), Reasons::new(ClientFault::WORDS));
        Self { connections, open, in_flight, in_flight_bytes, shed, closed }
    }
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
        registry.register("connections", "Open connections, by listener", self.connections.clone());
        registry.register(
            "in_flight",
            "Mails whose body has arrived and that have no answer yet",
            self.in_flight.clone(),
        );
        registry.register("in_flight_bytes", "Bytes of request bodies in memory", self.in_flight_bytes.clone());
        registry.register(
            "shed",
            "Connections, bodies and mails refused because a limit of this node was reached, by limit",
            self.shed.family.clone(),
        );
        registry.register(
            "connections_closed",
            "Connections closed by us, by what the client did",
            self.closed.family.clone(),
        );
    }

    /// Counts an open connection of this listener until the result is dropped.
    pub fn connection(&self, listener: Listener) -> Held {
        Held::of(&self.open[listener as usize], 1)
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
    pub fn shed(&self, reason: ShedReason) {
        self.shed.counters[reason as usize].inc();
    }

    /// Counts a connection that we closed, by what its client did.
    pub fn connection_closed(&self, reason: ClientFault) {
        self.closed.counters[reason as usize].inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_counts_under_its_own_word() {
        let edge = Edge::default();
        let sheds = [ShedReason::Connections, ShedReason::Bytes, ShedReason::InFlight];
        let closes = [ClientFault::Slow, ClientFault::Ambiguous, ClientFault::TooLong];
        for (times, (shed, close)) in (1..).zip(sheds.into_iter().zip(closes)) {
            (0..times).for_each(|_| edge.shed(shed));
            (0..times).for_each(|_| edge.connection_closed(close));
        }
        let counts = |reasons: &Reasons, words: [&'static str; 3]| {
            words.map(|reason| reasons.family.get_or_create(&Labels { reason }).get())
        };
        assert_eq!(counts(&edge.shed, ["connections", "bytes", "in_flight"]), [1, 2, 3]);
        assert_eq!(counts(&edge.closed, ["slow", "ambiguous", "too_long"]), [1, 2, 3]);
    }
}

//! The gauges of one upstream. They are set when the page is asked for, so a mail does nothing for them.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::labels::{Upstream, UpstreamInfo};
use super::numbers::{Real, whole};

type Number = Family<Upstream, Real>;
type Whole = Family<Upstream, Gauge>;

/// What an upstream is like now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gauges {
    /// The share of mail that its circuit takes while it is closed, from 0 to 1.
    pub ramp: f64,
    /// Seconds until its next probe; 0 while its circuit is closed.
    pub next_probe: f64,
    /// Seconds since its supervisor last ran.
    pub supervisor_age: f64,
    /// The kind of its provider.
    pub kind: &'static str,
    /// Its place in the operator's order, from 1.
    pub position: usize,
    /// How much mail comes to it beside others, where weights count.
    pub weight: u32,
    /// The part of the last minute's mails that were handed to it, from 0 to 1.
    pub share: f64,
    /// The mails that are in flight there.
    pub in_flight: usize,
    /// How many mails may be in flight there.
    pub limit: usize,
    /// How many mails it may be handed at once, as far as its rates go; `None`: it has no rate, and no such gauge.
    pub tokens_left: Option<u32>,
}

/// The gauges of all upstreams.
#[derive(Default)]
pub(super) struct Families {
    ramp: Number,
    next_probe: Number,
    supervisor_age: Number,
    share: Number,
    position: Whole,
    weight: Whole,
    in_flight: Whole,
    limit: Whole,
    info: Family<UpstreamInfo, Gauge>,
    tokens_left: Whole,
}

impl Families {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "circuit_ramp",
            "Share of mail that a circuit takes now, from 0 to 1, overrides included",
            self.ramp.clone(),
        );
        registry.register(
            "next_probe_seconds",
            "Time until the next probe; 0 while the circuit is closed",
            self.next_probe.clone(),
        );
        registry.register(
            "supervisor_age_seconds",
            "Time since a circuit's supervisor last ran",
            self.supervisor_age.clone(),
        );
        registry.register("upstream_position", "Place of an upstream in SMSP_PROVIDERS, from 1", self.position.clone());
        registry.register("upstream_weight", "Weight of an upstream, as it was set", self.weight.clone());
        registry.register(
            "upstream_share",
            "Part of the mails handed over in the last minute that went to an upstream, from 0 to 1",
            self.share.clone(),
        );
        registry.register("upstream_in_flight", "Mails in flight at an upstream", self.in_flight.clone());
        registry.register("upstream_limit", "The most mails that may be in flight at an upstream", self.limit.clone());
        registry.register(
            "upstream_info",
            "1; the kind of an upstream, and its place in SMSP_PROVIDERS from 1",
            self.info.clone(),
        );
        registry.register(
            "upstream_tokens_left",
            "Mails that an upstream may be handed at once, as far as its rates go; absent without a rate",
            self.tokens_left.clone(),
        );
    }

    pub(super) fn set(&self, upstream: &str, gauges: &Gauges) {
        let labels = Upstream { upstream: upstream.to_owned() };
        for (family, value) in [
            (&self.ramp, gauges.ramp),
            (&self.next_probe, gauges.next_probe),
            (&self.supervisor_age, gauges.supervisor_age),
            (&self.share, gauges.share),
        ] {
            family.get_or_create(&labels).set(value);
        }
        let tokens_left = gauges.tokens_left.map(|tokens| (&self.tokens_left, tokens as usize));
        let counts = [
            (&self.position, gauges.position),
            (&self.weight, gauges.weight as usize),
            (&self.in_flight, gauges.in_flight),
            (&self.limit, gauges.limit),
        ];
        for (family, value) in counts.into_iter().chain(tokens_left) {
            family.get_or_create(&labels).set(whole(value));
        }
        let Upstream { upstream } = labels;
        self.info.get_or_create(&UpstreamInfo { upstream, kind: gauges.kind, position: gauges.position }).set(1);
    }
}

//! The metrics of one process, and the only place that knows how they are exported (text for Prometheus, in two formats).
//!
//! A file for each group of families. The values of labels come from closed sets: the names of upstreams, callers and rules,
//! which the operator has given, words of ours, patterns of routes, statuses. No address, key or part of a request is one.

mod admin;
mod circuits;
mod counters;
mod edge;
mod format;
mod gauges;
mod keys;
mod labels;
mod limits;
mod mails;
mod mx;
mod node;
mod numbers;
mod outbox;
mod plain;
mod process;
mod reloads;
mod repeats;
mod requests;
mod rounds;
mod routes;
mod store;
mod traces;
mod upstream;
mod upstreams;

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

pub use admin::Admin;
pub use circuits::Circuits;
pub use edge::{ClientFault, Edge, Held, Listener, ShedReason};
pub use format::Format;
pub use gauges::Gauges;
pub use keys::KeyEnds;
pub use limits::Limits;
pub use mails::{DeliveryLabel, Mails};
pub use mx::{Mx, MxWords};
pub use node::Node;
pub use outbox::{Outbox, OutboxMetrics, OutboxWords};
pub use reloads::{ReloadMetrics, ReloadedFile, Reloads};
pub use repeats::Repeats;
pub use requests::{RequestMetrics, Requests};
pub use routes::RouteMetrics;
pub use store::{Store, StoreMetrics};
pub use traces::Traces;
pub use upstream::{UpstreamMetrics, UpstreamWords};

/// All counters of one process.
pub struct Metrics {
    /// The metrics of the listeners.
    pub edge: Edge,
    /// The limits of the gauges that have one.
    pub limits: Limits,
    /// The metrics of requests.
    pub requests: Requests,
    /// The metrics of mails.
    pub mails: Mails,
    /// The metrics of repeated calls.
    pub repeats: Repeats,
    /// The metrics of circuits.
    pub circuits: Circuits,
    /// The metrics of the admin listener.
    pub admin: Admin,
    /// The metrics of the store.
    pub store: Store,
    /// The metrics of the outbox.
    pub outbox: Outbox,
    /// The metrics of direct delivery.
    pub mx: Mx,
    /// The metrics of traces.
    pub traces: Traces,
    /// When keys of callers end.
    pub key_ends: KeyEnds,
    /// The metrics of files that are read again.
    pub reloads: Reloads,
    /// The metrics of the process itself.
    pub node: Node,
    upstreams: upstreams::Families,
    gauges: gauges::Families,
    process: process::Process,
    registry: Registry,
    /// Without a prefix.
    registry_of_process: Registry,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            edge: Edge::default(),
            limits: Limits::default(),
            requests: Requests::default(),
            mails: Mails::default(),
            repeats: Repeats::default(),
            circuits: Circuits::default(),
            admin: Admin::default(),
            store: Store::default(),
            outbox: Outbox::default(),
            mx: Mx::default(),
            traces: Traces::default(),
            key_ends: KeyEnds::default(),
            reloads: Reloads::default(),
            node: Node::default(),
            upstreams: upstreams::Families::default(),
            gauges: gauges::Families::default(),
            process: process::Process::default(),
            registry: Registry::with_prefix("smsp"),
            registry_of_process: Registry::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        self.edge.register(registry);
        self.limits.register(registry);
        self.requests.register(registry);
        self.mails.register(registry);
        self.repeats.register(registry);
        self.upstreams.register(registry);
        self.circuits.register(registry);
        self.gauges.register(registry);
        self.admin.register(registry);
        self.store.register(registry);
        self.outbox.register(registry);
        self.mx.register(registry);
        self.traces.register(registry);
        self.key_ends.register(registry);
        self.reloads.register(registry);
        self.node.register(registry);
        self.process.register(&mut self.registry_of_process);
    }

    /// The counters of the upstream of this name, with these labels.
    pub fn upstream(&self, name: &str, words: &UpstreamWords<'_>) -> UpstreamMetrics {
        UpstreamMetrics::new(name, words, &self.upstreams)
    }

    /// The counters of these rules for these upstreams.
    pub fn routes<'a>(
        &self,
        upstreams: impl Iterator<Item = &'a str> + Clone,
        rules: impl Iterator<Item = &'a str>,
    ) -> RouteMetrics {
        RouteMetrics::new(upstreams, rules, self.mails.routed())
    }

    /// Sets the gauges of one upstream.
    pub fn upstream_gauges(&self, upstream: &str, gauges: &Gauges) {
        self.gauges.set(upstream, gauges);
        self.limits.set_in_flight(upstream, gauges.limit);
    }

    /// The page for Prometheus, in this format.
    pub fn page(&self, format: Format) -> String {
        let page = self.render();
        match format {
            Format::Plain => plain::plain(&page),
            Format::OpenMetrics => page,
        }
    }

    /// The page in OpenMetrics.
    pub fn render(&self) -> String {
        let mut page = String::new();
        self.outbox.show_ages();
        self.process.read();
        // Writing to a String cannot fail, and a page cut short would show in its missing end mark.
        let _ = text::encode_registry(&mut page, &self.registry)
            .and_then(|()| text::encode(&mut page, &self.registry_of_process));
        page
    }
}

#[cfg(test)]
mod tests;

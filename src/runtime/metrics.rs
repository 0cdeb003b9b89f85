//! The metrics of one process, and the only place that knows how they are exported (OpenMetrics text for Prometheus).
//!
//! Labels come from closed sets: upstream names, outcomes, route patterns, statuses. No address, key or path is a label.

mod admin;
mod counters;
mod edge;
mod gauges;
mod labels;
mod outbox;
mod rounds;
mod routes;
mod store;
mod upstream;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use admin::Admin;
pub use edge::{Edge, Held};
pub use gauges::Gauges;
use labels::{Attempt, CircuitOverride, CircuitState, Request, Route, Upstream, UpstreamReason};
pub use outbox::{Outbox, OutboxMetrics, OutboxWords};
pub use routes::RouteMetrics;
pub use store::{Store, StoreMetrics};
use upstream::Families;
pub use upstream::UpstreamMetrics;

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds in seconds. Mail providers answer in tens of milliseconds; an attempt times out after ten seconds.
const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// All counters of one process.
pub struct Metrics {
    /// The metrics of the listeners.
    pub edge: Edge,
    /// The metrics of the admin listener.
    pub admin: Admin,
    /// The metrics of the store.
    pub store: Store,
    /// The metrics of the outbox.
    pub outbox: Outbox,
    registry: Registry,
    requests: Family<Request, Counter>,
    attempts: Family<Attempt, Counter>,
    attempt_duration: Family<Upstream, Histogram>,
    probes: Family<Attempt, Counter>,
    circuit_state: Family<CircuitState, Gauge>,
    circuit_override: Family<CircuitOverride, Gauge>,
    transitions: Family<UpstreamReason, Counter>,
    stale_results: Family<Upstream, Counter>,
    rejected: Family<Upstream, Counter>,
    skipped: Family<UpstreamReason, Counter>,
    routed: Family<Route, Counter>,
    unknown: Counter,
    coalesced: Counter,
    replayed: Counter,
    held_answers: Gauge,
    evicted: Counter,
    unlisted: Family<Upstream, Counter>,
    panics: Counter,
    log_lines_dropped: Counter,
    gauges: gauges::Families,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            edge: Edge::default(),
            admin: Admin::default(),
            store: Store::default(),
            outbox: Outbox::default(),
            registry: Registry::with_prefix("smsp"),
            requests: Family::default(),
            attempts: Family::default(),
            attempt_duration: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            probes: Family::default(),
            circuit_state: Family::default(),
            circuit_override: Family::default(),
            transitions: Family::default(),
            stale_results: Family::default(),
            rejected: Family::default(),
            skipped: Family::default(),
            routed: Family::default(),
            unknown: Counter::default(),
            coalesced: Counter::default(),
            replayed: Counter::default(),
            held_answers: Gauge::default(),
            evicted: Counter::default(),
            unlisted: Family::default(),
            panics: Counter::default(),
            log_lines_dropped: Counter::default(),
            gauges: gauges::Families::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        self.edge.register(registry);
        self.admin.register(registry);
        self.store.register(registry);
        self.outbox.register(registry);
        let count = self.requests.clone();
        registry.register("requests", "HTTP requests answered by either listener, by route, status and caller", count);
        registry.register("attempts", "Attempts to hand a mail to an upstream, by outcome", self.attempts.clone());
        registry.register(
            "attempt_duration_seconds",
            "Time from handing a mail to an upstream to its answer",
            self.attempt_duration.clone(),
        );
        registry.register("probes", "Probes of circuits that are not closed, by outcome", self.probes.clone());
        registry.register("circuit_state", "1 for the state that a circuit is in", self.circuit_state.clone());
        registry.register("circuit_override", "1 for the override that is in force", self.circuit_override.clone());
        registry.register(
            "circuit_transitions",
            "Changes of a circuit's state or override, by reason",
            self.transitions.clone(),
        );
        registry.register(
            "circuit_stale_results",
            "Results that a circuit ignored because it had changed since the attempt began",
            self.stale_results.clone(),
        );
        registry.register(
            "circuit_rejected",
            "Mails that arrived while this circuit took none, by state or override, even if another upstream took them",
            self.rejected.clone(),
        );
        registry.register("skipped", "Mails that were not handed to an upstream, by the reason", self.skipped.clone());
        registry.register("routed", "Mails handed to an upstream, by the rule that chose it", self.routed.clone());
        registry.register(
            "unknown",
            "Mails whose caller was told that delivery is unknown; repeats are not counted",
            self.unknown.clone(),
        );
        registry.register(
            "coalesced",
            "Repeated calls under an Idempotency-Key that waited for the answer to the first",
            self.coalesced.clone(),
        );
        registry.register(
            "replayed",
            "Repeated calls under an Idempotency-Key that got a held answer",
            self.replayed.clone(),
        );
        registry.register("held_answers", "Answers held in memory for repeated calls, as SMSP_HELD_ANSWERS counts them; one with many recipients counts as several; none where there is a store, which holds them", self.held_answers.clone());
        registry.register(
            "unlisted_answers",
            "Refusals by a provider code that this version does not list",
            self.unlisted.clone(),
        );
        registry.register(
            "held_answers_evicted",
            "Held answers evicted before their time because SMSP_HELD_ANSWERS was reached",
            self.evicted.clone(),
        );
        registry.register("panics", "Panics that ended a request, a probe or a supervisor", self.panics.clone());
        registry.register(
            "log_lines_dropped",
            "Log lines dropped because they could not be written, or not fast enough",
            self.log_lines_dropped.clone(),
        );
        self.gauges.register(registry);
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Version of this process", version);
    }

    /// Counts an HTTP answer; `path` is the route's pattern, `caller` the name that the key belongs to, or empty.
    pub fn request(&self, path: &str, status: u16, caller: &str) {
        let (path, caller) = (path.to_owned(), caller.to_owned());
        self.requests.get_or_create(&Request { path, status, caller }).inc();
    }

    /// The counters of the upstream of this name, for attempts and probes of these outcomes, and for mails that are skipped
    /// for these reasons.
    pub fn upstream(&self, name: &str, outcomes: &[&'static str], skips: &[&'static str]) -> UpstreamMetrics {
        let families = Families {
            attempts: &self.attempts,
            attempt_duration: &self.attempt_duration,
            probes: &self.probes,
            skipped: &self.skipped,
            rejected: &self.rejected,
            stale_results: &self.stale_results,
            unlisted: &self.unlisted,
            transitions: &self.transitions,
        };
        UpstreamMetrics::new(name, outcomes, skips, &families)
    }

    /// The counters of these rules for these upstreams.
    pub fn routes<'a>(
        &self,
        upstreams: impl Iterator<Item = &'a str> + Clone,
        rules: impl Iterator<Item = &'a str>,
    ) -> RouteMetrics {
        RouteMetrics::new(upstreams, rules, &self.routed)
    }

    /// Sets whether a circuit is in this state.
    pub fn circuit_state(&self, upstream: &str, state: &'static str, is: bool) {
        let labels = CircuitState { upstream: upstream.to_owned(), state };
        self.circuit_state.get_or_create(&labels).set(i64::from(is));
    }

    /// Sets whether this override is in force.
    pub fn circuit_override(&self, upstream: &str, order: &'static str, is: bool) {
        let labels = CircuitOverride { upstream: upstream.to_owned(), r#override: order };
        self.circuit_override.get_or_create(&labels).set(i64::from(is));
    }

    /// Sets the gauges of one upstream.
    pub fn upstream_gauges(&self, upstream: &str, gauges: &Gauges) {
        self.gauges.set(upstream, gauges);
    }

    /// Counts a mail whose delivery is unknown when the caller gets its answer.
    pub fn unknown(&self) {
        self.unknown.inc();
    }

    /// Counts a repeated call that waited for the first call under its key.
    pub fn coalesced(&self) {
        self.coalesced.inc();
    }

    /// Counts a repeated call that got a held answer.
    pub fn replayed(&self) {
        self.replayed.inc();
    }

    /// Sets the number of held answers.
    pub fn held_answers(&self, count: usize) {
        self.held_answers.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Counts held answers that were evicted before their time.
    pub fn evicted(&self, count: usize) {
        self.evicted.inc_by(count as u64);
    }

    /// Counts a panic.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// Counts log lines that were dropped.
    pub fn log_lines_dropped(&self, lines: u64) {
        self.log_lines_dropped.inc_by(lines);
    }

    /// The page for Prometheus.
    pub fn render(&self) -> String {
        let mut page = String::new();
        self.outbox.show_ages();
        // Writing to a String cannot fail, and a page cut short would show in its missing end mark.
        let _ = text::encode(&mut page, &self.registry);
        page
    }
}

#[cfg(test)]
mod tests;

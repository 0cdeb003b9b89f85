//! What is counted, and the only place that knows how it is exported (Prometheus' text, in its OpenMetrics form).
//!
//! Labels come from closed sets: upstream names, outcomes, states, route patterns, statuses. No address, key or raw
//! path is ever a label.

mod edge;
mod labels;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use edge::{Edge, Held};
use labels::{Attempt, CircuitOverride, CircuitState, Request, Transition, Upstream};

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds. Mail providers answer in tens of milliseconds and are given up after ten seconds.
const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// What the gauges of one circuit show.
pub struct Gauges {
    /// How much of the mail it takes while it is closed, from 0 to 1.
    pub ramp: f64,
    /// Seconds to its next dummy; 0 while it is closed.
    pub next_probe: f64,
    /// Seconds since its supervisor was last seen.
    pub supervisor_age: f64,
}

/// All counters of one process.
pub struct Metrics {
    /// Of the doors.
    pub edge: Edge,
    registry: Registry,
    requests: Family<Request, Counter>,
    attempts: Family<Attempt, Counter>,
    attempt_duration: Family<Upstream, Histogram>,
    probes: Family<Attempt, Counter>,
    circuit_state: Family<CircuitState, Gauge>,
    circuit_override: Family<CircuitOverride, Gauge>,
    transitions: Family<Transition, Counter>,
    late: Family<Upstream, Counter>,
    rejected: Family<Upstream, Counter>,
    skipped: Family<Attempt, Counter>,
    unknown: Counter,
    coalesced: Counter,
    replayed: Counter,
    held_answers: Gauge,
    evicted: Counter,
    unlisted: Family<Upstream, Counter>,
    panics: Counter,
    log_lines_dropped: Counter,
    ramp: Family<Upstream, Gauge<f64, AtomicU64>>,
    next_probe: Family<Upstream, Gauge<f64, AtomicU64>>,
    supervisor_age: Family<Upstream, Gauge<f64, AtomicU64>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            edge: Edge::default(),
            registry: Registry::with_prefix("smsp"),
            requests: Family::default(),
            attempts: Family::default(),
            attempt_duration: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            probes: Family::default(),
            circuit_state: Family::default(),
            circuit_override: Family::default(),
            transitions: Family::default(),
            late: Family::default(),
            rejected: Family::default(),
            skipped: Family::default(),
            unknown: Counter::default(),
            coalesced: Counter::default(),
            replayed: Counter::default(),
            held_answers: Gauge::default(),
            evicted: Counter::default(),
            unlisted: Family::default(),
            panics: Counter::default(),
            log_lines_dropped: Counter::default(),
            ramp: Family::default(),
            next_probe: Family::default(),
            supervisor_age: Family::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        self.edge.register(registry);
        registry.register("requests", "HTTP requests answered, by route, status and caller", self.requests.clone());
        registry.register("attempts", "Mails handed to an upstream, by outcome", self.attempts.clone());
        registry.register(
            "attempt_duration_seconds",
            "Time from handing a mail to an upstream to its answer",
            self.attempt_duration.clone(),
        );
        registry.register("probes", "Dummies sent along open circuits, by outcome", self.probes.clone());
        registry.register("circuit_state", "1 for the state that a circuit is in", self.circuit_state.clone());
        registry.register(
            "circuit_override",
            "1 for the order that an operator has given",
            self.circuit_override.clone(),
        );
        registry.register("circuit_transitions", "Changes of a circuit, by reason", self.transitions.clone());
        registry.register("late", "Answers that came after their circuit had changed", self.late.clone());
        registry.register("rejected", "Mails that found a circuit not closed", self.rejected.clone());
        registry.register(
            "skipped",
            "Mails that an upstream was not offered, by what it would come to",
            self.skipped.clone(),
        );
        registry.register(
            "unknown",
            "Mails of which it is not known whether a provider has them",
            self.unknown.clone(),
        );
        registry.register("coalesced", "Repeats that waited for the answer to the first", self.coalesced.clone());
        registry.register("replayed", "Repeats that heard an answer that was held", self.replayed.clone());
        registry.register("held_answers", "Answers that are held for repeats", self.held_answers.clone());
        registry.register(
            "unlisted_answers",
            "Refusals of an upstream by a code that no table lists",
            self.unlisted.clone(),
        );
        registry.register(
            "held_answers_evicted",
            "Answers that were forgotten before their time, because more are held than may be",
            self.evicted.clone(),
        );
        registry.register("panics", "Faults of ours that ended one request, dummy or supervision", self.panics.clone());
        registry.register(
            "log_lines_dropped",
            "Lines of the log that were not written, because nobody read them",
            self.log_lines_dropped.clone(),
        );
        registry.register("circuit_ramp", "Share of mail that a closed circuit takes", self.ramp.clone());
        registry.register("next_probe_seconds", "Time to the next dummy", self.next_probe.clone());
        registry.register(
            "supervisor_age_seconds",
            "Time since a supervisor was last seen",
            self.supervisor_age.clone(),
        );
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "What is running", version);
    }

    /// One answer of a door; `path` is the route's pattern, `caller` the name that belongs to the key, if to any.
    pub fn request(&self, path: &str, status: u16, caller: &str) {
        let (path, caller) = (path.to_owned(), caller.to_owned());
        self.requests.get_or_create(&Request { path, status, caller }).inc();
    }

    /// One attempt at an upstream.
    pub fn attempt(&self, upstream: &str, outcome: &'static str, took: Duration) {
        let upstream = upstream.to_owned();
        self.attempt_duration.get_or_create(&Upstream { upstream: upstream.clone() }).observe(took.as_secs_f64());
        self.attempts.get_or_create(&Attempt { upstream, outcome }).inc();
    }

    /// One dummy at an upstream.
    pub fn probe(&self, upstream: &str, outcome: &'static str) {
        self.probes.get_or_create(&Attempt { upstream: upstream.to_owned(), outcome }).inc();
    }

    /// Whether a circuit is in this state now.
    pub fn circuit_state(&self, upstream: &str, state: &'static str, is: bool) {
        let labels = CircuitState { upstream: upstream.to_owned(), state };
        self.circuit_state.get_or_create(&labels).set(i64::from(is));
    }

    /// Whether an operator has given this order.
    pub fn circuit_override(&self, upstream: &str, order: &'static str, is: bool) {
        let labels = CircuitOverride { upstream: upstream.to_owned(), r#override: order };
        self.circuit_override.get_or_create(&labels).set(i64::from(is));
    }

    /// How a circuit stands now.
    pub fn circuit_gauges(&self, upstream: &str, gauges: &Gauges) {
        let labels = Upstream { upstream: upstream.to_owned() };
        self.ramp.get_or_create(&labels).set(gauges.ramp);
        self.next_probe.get_or_create(&labels).set(gauges.next_probe);
        self.supervisor_age.get_or_create(&labels).set(gauges.supervisor_age);
    }

    /// One change of a circuit.
    pub fn transition(&self, upstream: &str, reason: &'static str) {
        self.transitions.get_or_create(&Transition { upstream: upstream.to_owned(), reason }).inc();
    }

    /// One answer that came after its circuit had changed.
    pub fn late(&self, upstream: &str) {
        self.late.get_or_create(&Upstream { upstream: upstream.to_owned() }).inc();
    }

    /// One mail that found the circuit not closed.
    pub fn rejected(&self, upstream: &str) {
        self.rejected.get_or_create(&Upstream { upstream: upstream.to_owned() }).inc();
    }

    /// One mail that an upstream was not offered, because it would come to this.
    pub fn skipped(&self, upstream: &str, outcome: &'static str) {
        self.skipped.get_or_create(&Attempt { upstream: upstream.to_owned(), outcome }).inc();
    }

    /// One mail of which it is not known, in the end, whether a provider has it.
    pub fn unknown(&self) {
        self.unknown.inc();
    }

    /// One repeat under a key whose first mail was still under way.
    pub fn coalesced(&self) {
        self.coalesced.inc();
    }

    /// One repeat that heard a held answer.
    pub fn replayed(&self) {
        self.replayed.inc();
    }

    /// So many answers are held now.
    pub fn held_answers(&self, count: usize) {
        self.held_answers.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// So many answers were forgotten before their time.
    pub fn evicted(&self, count: usize) {
        self.evicted.inc_by(count as u64);
    }

    /// One answer of a provider in its own form, by a code that no table lists.
    pub fn unlisted(&self, upstream: &str) {
        self.unlisted.get_or_create(&Upstream { upstream: upstream.to_owned() }).inc();
    }

    /// One panic, wherever it was.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// So many lines of the log that were not written.
    pub fn log_lines_dropped(&self, lines: u64) {
        self.log_lines_dropped.inc_by(lines);
    }

    /// The page that Prometheus reads.
    pub fn render(&self) -> String {
        let mut page = String::new();
        // Writing to a String cannot fail, and a page cut short would show in its missing end mark.
        let _ = text::encode(&mut page, &self.registry);
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_every_metric_under_its_documented_name() {
        let metrics = Metrics::default();
        metrics.request("/email", 200, "billing");
        metrics.attempt("mg", "accepted", Duration::from_millis(30));
        metrics.probe("mg", "unavailable");
        metrics.circuit_state("mg", "open", true);
        metrics.circuit_override("mg", "auto", true);
        metrics.transition("mg", "failure_rate");
        metrics.late("mg");
        metrics.rejected("mg");
        metrics.skipped("mg", "not_capable");
        metrics.unknown();
        metrics.coalesced();
        metrics.panicked();
        metrics.log_lines_dropped(3);
        metrics.edge.shed("bytes");
        metrics.edge.cut("slow");
        let (_connection, _mail, mut body) = (metrics.edge.connection(), metrics.edge.in_flight(), metrics.edge.body());
        body.grow(7);
        metrics.circuit_gauges("mg", &Gauges { ramp: 0.5, next_probe: 4.5, supervisor_age: 0.25 });
        let page = metrics.render();
        for line in [
            "smsp_requests_total{path=\"/email\",status=\"200\",caller=\"billing\"} 1",
            "smsp_attempts_total{upstream=\"mg\",outcome=\"accepted\"} 1",
            "smsp_attempt_duration_seconds_bucket{le=\"0.05\",upstream=\"mg\"} 1",
            "smsp_attempt_duration_seconds_count{upstream=\"mg\"} 1",
            "smsp_probes_total{upstream=\"mg\",outcome=\"unavailable\"} 1",
            "smsp_circuit_state{upstream=\"mg\",state=\"open\"} 1",
            concat!("smsp_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
            "smsp_circuit_override{upstream=\"mg\",override=\"auto\"} 1",
            "smsp_circuit_transitions_total{upstream=\"mg\",reason=\"failure_rate\"} 1",
            "smsp_late_total{upstream=\"mg\"} 1",
            "smsp_rejected_total{upstream=\"mg\"} 1",
            "smsp_skipped_total{upstream=\"mg\",outcome=\"not_capable\"} 1",
            "smsp_unknown_total 1",
            "smsp_coalesced_total 1",
            "smsp_panics_total 1",
            "smsp_log_lines_dropped_total 3",
            "smsp_shed_total{reason=\"bytes\"} 1",
            "smsp_cut_total{reason=\"slow\"} 1",
            "smsp_connections 1",
            "smsp_in_flight 1",
            "smsp_in_flight_bytes 7",
            "smsp_circuit_ramp{upstream=\"mg\"} 0.5",
            "smsp_next_probe_seconds{upstream=\"mg\"} 4.5",
            "smsp_supervisor_age_seconds{upstream=\"mg\"} 0.25",
            "# EOF",
        ] {
            assert!(page.lines().any(|seen| seen == line), "{line} is not in\n{page}");
        }
    }
}

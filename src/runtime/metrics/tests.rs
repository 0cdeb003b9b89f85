//! The exported page: every metric is there under its documented name.

use std::time::Duration;

use super::*;

#[test]
fn the_page_holds_every_metric_under_its_documented_name() {
    let metrics = Metrics::default();
    metrics.requests.of(["/email"]).answered(Some("/email"), 200, "billing", Duration::from_millis(30));
    let words = UpstreamWords {
        outcomes: &["accepted", "unavailable"],
        skips: &["not_capable"],
        transitions: &["failure_rate", "probe_due"],
    };
    let upstream = metrics.upstream("mg", &words);
    upstream.attempt("accepted", true, Duration::from_millis(30));
    upstream.probe("unavailable");
    metrics.circuits.state("mg", "open", true);
    metrics.circuits.overriding("mg", "auto", true);
    upstream.transition("failure_rate");
    upstream.circuit_stale_result();
    upstream.circuit_rejected();
    upstream.skipped("not_capable");
    metrics.mails.unknown();
    metrics.repeats.coalesced();
    metrics.node.panicked();
    metrics.node.log_lines_dropped(3);
    metrics.admin.refused("role");
    metrics.admin.override_ends("mg", 7.5);
    metrics.admin.orders_unwritten(2);
    metrics.edge.shed(ShedReason::Bytes);
    metrics.edge.connection_closed(ClientFault::Slow);
    let (_connection, _mail, mut body) =
        (metrics.edge.connection(Listener::Api), metrics.edge.in_flight(), metrics.edge.body());
    body.grow(7);
    metrics.limits.set("in_flight", 9_usize);
    metrics.limits.set_connections(Listener::Admin, 1024);
    let gauges = Gauges { ramp: 0.5, next_probe: 4.5, supervisor_age: 0.25, ..Gauges::default() };
    metrics.upstream_gauges(
        "mg",
        &Gauges {
            kind: "mailgun",
            position: 2,
            weight: 3,
            share: 0.75,
            in_flight: 7,
            limit: 512,
            tokens_left: Some(5),
            ..gauges
        },
    );
    let page = metrics.render();
    for line in [
        "smsp_requests_total{path=\"/email\",status=\"200\",caller=\"billing\"} 1",
        "smsp_request_duration_seconds_bucket{le=\"0.05\",path=\"/email\",status_class=\"2xx\"} 1",
        "smsp_attempts_total{upstream=\"mg\",outcome=\"accepted\"} 1",
        "smsp_attempt_duration_seconds_bucket{le=\"0.05\",upstream=\"mg\",class=\"ok\"} 1",
        "smsp_attempt_duration_seconds_count{upstream=\"mg\",class=\"ok\"} 1",
        "smsp_attempt_duration_seconds_count{upstream=\"mg\",class=\"fault\"} 0",
        "smsp_attempts_total{upstream=\"mg\",outcome=\"unavailable\"} 0",
        "smsp_probes_total{upstream=\"mg\",outcome=\"unavailable\"} 1",
        "smsp_circuit_state{upstream=\"mg\",state=\"open\"} 1",
        concat!("smsp_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\",commit=\"unknown\"} 1"),
        "smsp_circuit_override{upstream=\"mg\",override=\"auto\"} 1",
        "smsp_circuit_transitions_total{upstream=\"mg\",reason=\"failure_rate\"} 1",
        "smsp_circuit_transitions_total{upstream=\"mg\",reason=\"probe_due\"} 0",
        "smsp_circuit_stale_results_total{upstream=\"mg\"} 1",
        "smsp_circuit_rejected_total{upstream=\"mg\"} 1",
        "smsp_skipped_total{upstream=\"mg\",reason=\"not_capable\"} 1",
        "smsp_unknown_total 1",
        "smsp_coalesced_total 1",
        "smsp_panics_total 1",
        "smsp_log_lines_dropped_total 3",
        "smsp_admin_refused_total{reason=\"role\"} 1",
        "smsp_circuit_override_ends_seconds{upstream=\"mg\"} 7.5",
        "smsp_circuit_orders_unwritten 2",
        "smsp_shed_total{reason=\"bytes\"} 1",
        "smsp_shed_total{reason=\"connections\"} 0",
        "smsp_connections_closed_total{reason=\"slow\"} 1",
        "smsp_connections_closed_total{reason=\"too_long\"} 0",
        "smsp_limit{of=\"in_flight\"} 9",
        "smsp_limit{of=\"connections\",listener=\"admin\"} 1024",
        "smsp_limit{of=\"upstream_in_flight\",upstream=\"mg\"} 512",
        "smsp_connections{listener=\"api\"} 1",
        "smsp_connections{listener=\"admin\"} 0",
        "smsp_in_flight 1",
        "smsp_in_flight_bytes 7",
        "smsp_circuit_ramp{upstream=\"mg\"} 0.5",
        "smsp_next_probe_seconds{upstream=\"mg\"} 4.5",
        "smsp_supervisor_age_seconds{upstream=\"mg\"} 0.25",
        "smsp_upstream_position{upstream=\"mg\"} 2",
        "smsp_upstream_weight{upstream=\"mg\"} 3",
        "smsp_upstream_share{upstream=\"mg\"} 0.75",
        "smsp_upstream_in_flight{upstream=\"mg\"} 7",
        "smsp_upstream_limit{upstream=\"mg\"} 512",
        "smsp_upstream_info{upstream=\"mg\",kind=\"mailgun\",position=\"2\"} 1",
        "smsp_upstream_tokens_left{upstream=\"mg\"} 5",
        "# EOF",
    ] {
        assert!(page.lines().any(|seen| seen == line), "{line} is not in\n{page}");
    }
}

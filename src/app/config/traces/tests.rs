//! Starts with variables of OpenTelemetry, right and wrong.

use super::super::{Config, Errors};

fn load(pairs: &[(&str, &str)]) -> Result<Config, Errors> {
    let least = [("SMSP_API_KEY", "k"), ("SMSP_MOCK_EMAIL_SERVICE", "true")];
    let pairs = least.iter().chain(pairs).map(|&(name, value)| (name.to_owned(), value.to_owned()));
    Config::load(pairs)
}

fn url(pairs: &[(&str, &str)]) -> Option<String> {
    let config = load(pairs).unwrap_or_else(|errors| panic!("{errors:?}"));
    config.traces.map(|traces| traces.url.to_string())
}

#[test]
fn nothing_is_recorded_without_a_collector_or_where_that_is_switched_off() {
    let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
    let whole = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://other:1/x");
    assert_eq!(url(&[]), None);
    assert_eq!(url(&[("OTEL_SERVICE_NAME", "mail"), ("OTEL_TRACES_SAMPLER", "always_on")]), None);
    assert_eq!(url(&[collector]).as_deref(), Some("http://collector:4318/v1/traces"));
    assert_eq!(url(&[collector, whole]).as_deref(), Some("http://other:1/x"));
    assert_eq!(url(&[collector, ("OTEL_SDK_DISABLED", "True")]), None);
    assert_eq!(url(&[collector, ("OTEL_TRACES_EXPORTER", "none")]), None);
}

#[test]
fn where_nothing_is_recorded_what_others_set_does_not_keep_a_node_from_starting() {
    let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
    let of_others = [("OTEL_EXPORTER_OTLP_PROTOCOL", "http/xml"), ("OTEL_TRACES_SAMPLER", "xray")];
    assert_eq!(url(&of_others), None);
    for off in [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")] {
        assert_eq!(url(&[&of_others[..], &[collector, off]].concat()), None, "{off:?}");
    }
    let ours = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json");
    assert!(url(&[of_others[0], ours, collector]).is_some(), "what is said of traces is what counts");
}

#[test]
fn a_protocol_that_is_not_spoken_costs_traces_and_a_warning_and_not_the_start() {
    let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
    for name in ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] {
        for protocol in ["grpc", "http/protobuf"] {
            let config = load(&[collector, (name, protocol)]).unwrap_or_else(|errors| panic!("{errors:?}"));
            assert!(config.traces.is_none());
            let told: Vec<_> = config.warnings.iter().filter(|warning| warning.starts_with(name)).collect();
            assert!(matches!(told[..], [warning] if warning.contains("no trace is recorded")), "{:?}", config.warnings);
        }
    }
}

#[test]
fn what_is_set_for_the_way_to_a_collector_and_not_used_is_told_by_name_alone() {
    let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
    let unused = [
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_CLIENT_KEY",
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        "OTEL_EXPORTER_OTLP_COMPRESSION",
    ];
    let others = ["OTEL_EXPORTER_OTLP_METRICS_HEADERS", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_PROPAGATORS"];
    let told = |value, more: &[(&'static str, &'static str)]| {
        let set = unused.iter().chain(&others).map(|name| (*name, value)).chain(more.iter().copied());
        let config = load(&set.collect::<Vec<_>>()).unwrap_or_else(|errors| panic!("{errors:?}"));
        assert!(!format!("{:?}", config.warnings).contains("canary"), "{:?}", config.warnings);
        let names = config
            .warnings
            .iter()
            .filter_map(|warning| warning.split_once(": is not used"))
            .map(|(name, _)| name.to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(told("canary", &[collector]), unused);
    assert!(told("", &[collector]).is_empty() && told("canary", &[]).is_empty());
    assert!(told("canary", &[collector, ("OTEL_TRACES_EXPORTER", "none")]).is_empty(), "nothing is recorded");
}

#[test]
fn variables_of_opentelemetry_without_a_row_are_ignored_and_those_with_one_must_be_right() {
    assert!(
        load(&[("OTEL_METRICS_EXPORTER", "none"), ("OTEL_propagators", "b3"), ("OTEL_BSP_SCHEDULE_DELAY", "x")])
            .is_ok()
    );
    let wrong = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/xml"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "canary"),
        ("OTEL_TRACES_SAMPLER", "xray"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
        ("OTEL_RESOURCE_ATTRIBUTES", "canary"),
        ("OTEL_SDK_DISABLED", "1"),
        ("OTEL_TRACES_EXPORTER", "console"),
    ];
    let errors = load(&wrong).err().map(|errors| errors.0).unwrap_or_default();
    for (name, _) in wrong {
        assert_eq!(errors.iter().filter(|error| error.starts_with(&format!("{name}: "))).count(), 1, "{errors:#?}");
    }
    assert!(errors.len() == wrong.len() && !format!("{errors:?}").contains("canary"), "{errors:#?}");
}

#[test]
fn headers_may_stand_in_a_file_and_are_never_listed() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "x-key=canary\n").expect("written");
    let path = file.path().display().to_string();
    let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
    for headers in [("OTEL_EXPORTER_OTLP_HEADERS", "x-key=canary"), ("OTEL_EXPORTER_OTLP_HEADERS_FILE", &*path)] {
        let config = load(&[collector, headers]).unwrap_or_else(|errors| panic!("{errors:?}"));
        assert!(!format!("{:?}", config.effective).contains("canary"));
        assert_eq!(config.traces.map(|traces| traces.headers["x-key"].clone()).expect("on"), "canary");
    }
}

#[test]
fn every_sampler_of_opentelemetry_that_needs_nothing_else_is_taken() {
    for sampler in [
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
        "ALWAYS_ON",
    ] {
        let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        assert!(url(&[collector, ("OTEL_TRACES_SAMPLER", sampler)]).is_some(), "{sampler}");
    }
}

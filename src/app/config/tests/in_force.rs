//! What is listed is what holds, and reads on as the same settings.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::{Config, effective, load, with};

/// Two upstreams that send nothing from here.
const STAGE: [(&str, &str); 6] = [
    ("SMSP_API_KEY", "k"),
    ("SMSP_POLL_MESSAGE_ADDRESS", "poll@example.org"),
    ("SMSP_PROVIDERS", "mg,second=mock"),
    ("SMSP_MG_API_KEY", "m"),
    ("SMSP_MG_DOMAIN", "mg.example.org"),
    ("SMSP_DRAIN_DEADLINE", "10m"),
];

fn staged(pairs: &[(&str, &str)]) -> Config {
    load(&[&STAGE, pairs].concat()).unwrap_or_else(|errors| panic!("{pairs:?}: {errors}"))
}

/// What is listed of this variable, and all warnings.
fn listed(name: &str, pairs: &[(&str, &str)]) -> (String, Vec<String>) {
    let config = staged(pairs);
    (effective(&config, name), config.warnings)
}

#[test]
fn a_connect_timeout_that_half_an_attempt_cuts_is_listed_as_it_holds_with_the_reason() {
    let eight = ("SMSP_CONNECT_TIMEOUT", "8s");
    let (shown, warnings) = listed("SMSP_CONNECT_TIMEOUT", &[eight]);
    assert_eq!(shown, "5s");
    let said = "SMSP_CONNECT_TIMEOUT: is 8s, but at most half of an attempt's time is for connecting: \
                5s for mg, 5s for second";
    assert_eq!(warnings, [said]);
    let deadline = ("SMSP_REQUEST_DEADLINE", "60s");
    let (shown, warnings) = listed("SMSP_CONNECT_TIMEOUT", &[eight, deadline, ("SMSP_MG_ATTEMPT_TIMEOUT", "30s")]);
    assert_eq!(shown, "8s", "it holds for one");
    assert!(warnings.len() == 1 && warnings[0].ends_with(": 5s for second"), "{warnings:?}");
    assert_eq!(listed("SMSP_CONNECT_TIMEOUT", &[("SMSP_CONNECT_TIMEOUT", "5s")]), ("5s".to_owned(), vec![]));
}

#[test]
fn a_time_that_no_attempt_can_take_is_listed_as_never_slow() {
    let name = "SMSP_CIRCUIT_SLOW_CALL";
    assert_eq!(listed(name, &[]).0, "5s");
    for never in [[(name, "10s")], [(name, "never")], [("SMSP_ATTEMPT_TIMEOUT", "4s")]] {
        assert_eq!(listed(name, &never).0, "never", "{never:?}");
    }
    let own = staged(&[("SMSP_ATTEMPT_TIMEOUT", "4s"), ("SMSP_MG_ATTEMPT_TIMEOUT", "6s")]);
    let all = ["SMSP_CIRCUIT_SLOW_CALL", "SMSP_MG_CIRCUIT_SLOW_CALL", "SMSP_SECOND_CIRCUIT_SLOW_CALL"];
    assert_eq!(all.map(|name| effective(&own, name)), ["never", "5s", "never"]);
    let slow: Vec<_> = own.upstreams.iter().map(|upstream| upstream.settings.slow_call.is_some()).collect();
    assert_eq!(slow, [true, false]);
}

#[test]
fn probe_timeout_is_listed_where_it_is_the_same_for_all() {
    let name = "SMSP_PROBE_TIMEOUT";
    let own = [("SMSP_MG_ATTEMPT_TIMEOUT", "9s"), ("SMSP_SECOND_ATTEMPT_TIMEOUT", "9s")];
    assert_eq!(listed(name, &[]).0, "10s");
    assert_eq!(listed(name, &own).0, "9s");
    assert_eq!(listed(name, &own[..1]).0, "", "each has its own");
    assert_eq!(listed(name, &[own[0], (name, "4s")]).0, "4s");
}

#[test]
fn a_request_deadline_below_an_attempts_time_is_told() {
    let warnings = |pairs: &[(&str, &str)]| staged(pairs).warnings;
    let told = "a slow attempt leaves no time for another provider";
    assert_eq!(
        warnings(&[("SMSP_REQUEST_DEADLINE", "5s")]),
        [format!(
            "SMSP_REQUEST_DEADLINE: is 5s, less than SMSP_MG_ATTEMPT_TIMEOUT (10s), SMSP_SECOND_ATTEMPT_TIMEOUT (10s): {told}"
        )]
    );
    let own = ("SMSP_MG_ATTEMPT_TIMEOUT", "30s");
    assert_eq!(
        warnings(&[own]),
        [format!("SMSP_REQUEST_DEADLINE: is 15s, less than SMSP_MG_ATTEMPT_TIMEOUT (30s): {told}")]
    );
    assert_eq!(warnings(&[own, ("SMSP_REQUEST_DEADLINE", "30s")]), Vec::<String>::new());
}

#[test]
fn the_list_of_providers_is_the_mock_alone_where_it_takes_their_place() {
    let config = staged(&[("SMSP_MOCK_EMAIL_SERVICE", "true")]);
    assert_eq!(effective(&config, "SMSP_PROVIDERS"), "mock");
    let said = "SMSP_MOCK_EMAIL_SERVICE: is true, so the mock takes all mail, and mg gets none";
    assert_eq!(config.warnings, [said]);
    assert_eq!(with(&[("SMSP_DRAIN_DEADLINE", "10m")]).map(|config| config.warnings), Ok(vec![]));
}

#[test]
fn what_an_adapter_makes_of_its_settings_is_listed() {
    let relay = |pairs: &[(&str, &str)]| {
        let relay = [("SMSP_PROVIDERS", "smtp,ses"), ("SMSP_SMTP_HOST", "127.0.0.1")];
        let ses =
            [("SMSP_SES_REGION", "eu-west-1"), ("SMSP_SES_ACCESS_KEY_ID", "k"), ("SMSP_SES_SECRET_ACCESS_KEY", "s")];
        load(&[&STAGE[..2], &relay[..], &ses[..], pairs].concat()).unwrap_or_else(|errors| panic!("{errors}"))
    };
    let port = |pairs: &[(&str, &str)]| effective(&relay(pairs), "SMSP_SMTP_PORT");
    let tls = "SMSP_SMTP_TLS";
    assert_eq!(
        [port(&[]), port(&[(tls, "implicit")]), port(&[(tls, "none")]), port(&[("SMSP_SMTP_PORT", "2525")])],
        ["587", "465", "25", "2525"]
    );
    assert_eq!(effective(&relay(&[]), "SMSP_SES_BASE_URL"), "https://email.eu-west-1.amazonaws.com");
}

#[test]
fn addresses_and_domains_are_listed_as_they_are_sent() {
    let config = staged(&[
        ("SMSP_POLL_MESSAGE_ADDRESS", "poll@BÜCHER.example"),
        ("SMSP_POLL_FROM_ADDRESS", "  Poll <poll@Example.org>"),
        ("SMSP_CALLER_FROM_DOMAINS", "Example.org, *.bücher.example"),
        ("SMSP_CALLER_BOUNCE_ADDRESS", "bounces@Bücher.example"),
    ]);
    for (name, shown) in [
        ("SMSP_POLL_MESSAGE_ADDRESS", "poll@xn--bcher-kva.example"),
        ("SMSP_POLL_FROM_ADDRESS", "Poll <poll@example.org>"),
        ("SMSP_CALLER_FROM_DOMAINS", "example.org,*.xn--bcher-kva.example"),
        ("SMSP_CALLER_CALLER_FROM_DOMAINS", "example.org,*.xn--bcher-kva.example"),
        ("SMSP_CALLER_CALLER_BOUNCE_ADDRESS", "bounces@xn--bcher-kva.example"),
    ] {
        assert_eq!(effective(&config, name), shown, "{name}");
    }
}

/// Settings that decide over others.
const TIMES: [&str; 10] = [
    "SMSP_ATTEMPT_TIMEOUT",
    "SMSP_MG_ATTEMPT_TIMEOUT",
    "SMSP_SECOND_ATTEMPT_TIMEOUT",
    "SMSP_CONNECT_TIMEOUT",
    "SMSP_PROBE_TIMEOUT",
    "SMSP_CIRCUIT_SLOW_CALL",
    "SMSP_MG_CIRCUIT_SLOW_CALL",
    "SMSP_CIRCUIT_WINDOW",
    "SMSP_CIRCUIT_RAMP",
    "SMSP_MG_CIRCUIT_RAMP",
];

/// The settings of every upstream, for a comparison.
fn held(config: &Config) -> Vec<String> {
    config.upstreams.iter().map(|upstream| format!("{} {:?}", upstream.name, upstream.settings)).collect()
}

/// What is listed, without the defaults: which upstreams are configured is one of those.
fn values(config: &Config) -> Vec<(&str, &str)> {
    config.effective.iter().map(|setting| (setting.name.as_str(), setting.value.as_str())).collect()
}

proptest! {
    #[test]
    fn what_is_listed_sets_the_same_once_more(
        names in subsequence(&TIMES[..], 0..=TIMES.len()),
        texts in prop::collection::vec(select(&["1ms", "999ms", "1s", "2010ms", "3s", "5s", "7001ms", "12s", "1m"][..]), TIMES.len()),
    ) {
        let further = [("SMSP_REQUEST_DEADLINE", "5m"), ("SMSP_PROVIDERS", "mg=mock,second=mock")];
        let stage = STAGE.into_iter().filter(|(name, _)| !name.starts_with("SMSP_MG_"));
        let mut pairs: BTreeMap<_, _> = stage.chain(further).collect();
        pairs.extend(names.into_iter().zip(texts));
        let pairs: Vec<_> = pairs.into_iter().collect();
        let Ok(config) = load(&pairs) else { return Err(TestCaseError::reject("no start")) };
        let again: Vec<_> = config.effective.iter().map(|seen| (seen.name.as_str(), seen.value.as_str())).collect();
        let again = load(&again).unwrap_or_else(|errors| panic!("{errors}"));
        prop_assert_eq!(values(&again), values(&config));
        prop_assert_eq!(held(&again), held(&config));
        let changed = config.effective.iter().filter(|setting| setting.is_changed());
        let changed: Vec<_> = changed.map(|seen| (seen.name.as_str(), seen.value.as_str())).collect();
        let from_changes = load(&changed).unwrap_or_else(|errors| panic!("{errors}"));
        prop_assert_eq!(values(&from_changes), values(&config));
        prop_assert_eq!(held(&from_changes), held(&config));
    }
}

//! Starts, right and wrong: every error at once, each with the full name of its variable.

mod former_names;
mod groups;
mod in_force;
mod mx;
mod providers;
mod routes;
mod unclaimed;

use super::*;
use crate::model::submission::Failover;

fn load(pairs: &[(&str, &str)]) -> Result<Config, Errors> {
    Config::load(pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())))
}

/// A start that needs nothing but what the case adds.
fn with(pairs: &[(&str, &str)]) -> Result<Config, Errors> {
    let least = [("SMSP_API_KEY", "k"), ("SMSP_MOCK_EMAIL_SERVICE", "true")];
    load(&[&least, pairs].concat())
}

fn errors(result: Result<Config, Errors>) -> Vec<String> {
    result.err().map(|errors| errors.0).unwrap_or_default()
}

fn effective(config: &Config, name: &str) -> String {
    let found = config.effective.iter().find(|seen| seen.name == name);
    found.unwrap_or_else(|| panic!("{name} is not listed")).value.clone()
}

fn names(config: &Config) -> Vec<(&str, &str)> {
    config.upstreams.iter().map(|upstream| (upstream.name.as_str(), upstream.kind)).collect()
}

#[test]
fn the_least_start_is_a_key_and_the_mock() {
    let config = with(&[]).expect("a start");
    assert_eq!(names(&config), [("mock", "mock")]);
    assert_eq!(config.listen.api.to_string(), "0.0.0.0:8080");
    assert_eq!(config.dispatch.failover, Failover::Safe);
}

#[test]
fn other_peoples_variables_and_the_test_clients_are_not_ours() {
    assert!(with(&[("PATH", "/bin"), ("SMSP_HOST_PORT", "localhost:8080"), ("SMSP_PROTOCOL", "http")]).is_ok());
}

#[test]
fn an_empty_start_names_everything_that_is_missing() {
    let errors = errors(load(&[]));
    for start in ["SMSP_API_KEY: is required", "SMSP_PROVIDERS: names none and none is configured"] {
        assert!(errors.iter().any(|error| error.starts_with(start)), "{start}: {errors:#?}");
    }
}

#[test]
fn every_mistake_is_named_at_once() {
    let wrong = [
        ("SMSP_PORT", "http"),
        ("SMSP_HOST", "localhost"),
        ("SMSP_CONNECT_TIMEOUT", "5"),
        ("SMSP_FAILOVER", "sometimes"),
        ("SMSP_ROUTING", "random"),
        ("SMSP_CIRCUIT_CONSECUTIVE_FAILURES", "0"),
        ("SMSP_CIRCUIT_PROBES_TO_CLOSE", "4096"),
        ("SMSP_MAX_BODY", "26"),
        ("SMSP_LOG_OUTPUT_FORMAT", "XML"),
        ("SMSP_DOCS", "yes"),
        ("SMSP_POLL_FROM_ADDRESS", "nobody"),
        ("SMSP_PROTT", "1"),
        ("SMSP_MOCK_ATTEMPT_TIMEOUT", "0s"),
        ("SMSP_MOCK_WEIGHT", "much"),
        ("SMSP_MOCK_COLOUR", "3"),
    ];
    let errors = errors(with(&wrong));
    for (name, _) in wrong {
        let named = errors.iter().filter(|error| error.starts_with(&format!("{name}: "))).count();
        assert_eq!(named, 1, "{name}: {errors:#?}");
    }
    assert_eq!(errors.len(), wrong.len(), "{errors:#?}");
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    for pairs in [
        [("SMSP_POLL_INTERVAL", "10s"), ("SMSP_POLL_INTERVAL_MAX", "9s")],
        [("SMSP_PORT", "8080"), ("SMSP_ADMIN_PORT", "8080")],
        [("SMSP_REQUEST_DEADLINE", "1s"), ("SMSP_CONNECT_TIMEOUT", "900ms")],
        [("SMSP_REQUEST_DEADLINE", "2s"), ("SMSP_CONNECT_TIMEOUT", "1s")],
        [("SMSP_API_KEY_FILE", "/dev/null"), ("SMSP_API_KEY", "k")],
        [("SMSP_Port", "1"), ("SMSP_HOST", "127.0.0.1")],
    ] {
        assert_eq!(errors(with(&pairs)).len(), 1, "{pairs:?}");
    }
}

#[test]
fn providers_are_those_that_are_configured_in_the_originals_order() {
    let pairs = [
        ("SMSP_API_KEY", "k"),
        ("SMSP_POLL_MESSAGE_ADDRESS", "poll@example.org"),
        ("SMSP_MAILDIR_DIR", "/tmp/mail"),
        ("SMSP_SG_API_KEY", "s"),
        ("SMSP_MG_API_KEY", "m"),
        ("SMSP_MG_DOMAIN", "mg.example.org"),
    ];
    let config = load(&pairs).expect("a start");
    assert_eq!(names(&config), [("mg", "mailgun"), ("sg", "sendgrid"), ("maildir", "maildir")]);
    let listed = load(&[&pairs[..], &[("SMSP_PROVIDERS", "sg")]].concat()).expect("the others are left alone");
    assert_eq!(names(&listed), [("sg", "sendgrid")]);
}

#[test]
fn an_optional_secret_may_be_missing_but_is_never_shown() {
    let account = [
        ("SMSP_SES_REGION", "eu-west-1"),
        ("SMSP_SES_ACCESS_KEY_ID", "id"),
        ("SMSP_SES_SECRET_ACCESS_KEY", "s"),
        ("SMSP_POLL_MESSAGE_ADDRESS", "poll@example.org"),
        ("SMSP_MOCK_EMAIL_SERVICE", "false"),
    ];
    let token = |pairs: &[(&str, &str)]| with(&[&account, pairs].concat()).map(|config| effective(&config, TOKEN));
    const TOKEN: &str = "SMSP_SES_SESSION_TOKEN";
    assert_eq!(token(&[]).ok().as_deref(), Some(""));
    assert_eq!(token(&[(TOKEN, "t")]).ok().as_deref(), Some("<redacted>"));
    assert!(token(&[(TOKEN, "a\u{1}b")]).is_err());
    assert!(token(&[("SMSP_SES_SESSION_TOKEN_FILE", "/no/such/file")]).is_err());
    let misspelt = token(&[("SMSP_SES_SESSION_TOKENS", "t")]);
    assert_eq!(misspelt.err().map(|errors| errors.0.len()), Some(1));
}

#[test]
fn several_accounts_of_a_kind_have_sections_of_their_own_and_the_longest_name_claims_first() {
    let config = with(&[
        ("SMSP_MOCK_EMAIL_SERVICE", "false"),
        ("SMSP_PROVIDERS", " mg=mock , mg-eu=mock "),
        ("SMSP_MG_ATTEMPT_TIMEOUT", "3s"),
        ("SMSP_MG_EU_ATTEMPT_TIMEOUT", "4s"),
        ("SMSP_MG_EU_CIRCUIT_CONSECUTIVE_FAILURES", "7"),
    ])
    .expect("a start");
    assert_eq!(names(&config), [("mg", "mock"), ("mg-eu", "mock")]);
    let seconds: Vec<_> = config.upstreams.iter().map(|u| u.settings.attempt_timeout.as_secs()).collect();
    assert_eq!(seconds, [3, 4]);
    assert_eq!(config.upstreams[1].settings.circuit.consecutive_failures, 7);
}

#[test]
fn names_that_would_confuse_are_refused() {
    for list in [
        "api=mock",
        "poll-x=mock",
        "Mg=mock",
        "1mg=mock",
        "m_g=mock",
        "mg,mg",
        ",",
        "sender=mock",
        "mg=mock,mg=mock",
        "foo",
        "foo=bar",
    ] {
        let errors = errors(with(&[("SMSP_MOCK_EMAIL_SERVICE", "false"), ("SMSP_PROVIDERS", list)]));
        assert!(errors.iter().any(|error| error.starts_with("SMSP_PROVIDERS: ")), "{list}: {errors:#?}");
    }
}

#[test]
fn an_upstream_says_which_of_its_variables_is_missing_or_wrong() {
    let pairs = [
        ("SMSP_API_KEY", "k"),
        ("SMSP_POLL_MESSAGE_ADDRESS", "poll@example.org"),
        ("SMSP_PROVIDERS", "mg,sg"),
        ("SMSP_MG_DOMAIN", "mg.example.org/x"),
        ("SMSP_MG_API_KEY", "m"),
        ("SMSP_SG_BASE_URL", "https://api.example.org/v3"),
    ];
    let found = errors(load(&pairs));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].starts_with("SMSP_MG_DOMAIN: must be the sending domain alone"), "{found:#?}");
    assert!(found[1].starts_with("SMSP_SG_API_KEY: is required"), "{found:#?}");
    let found = errors(load(&[&pairs[..], &[("SMSP_SG_API_KEY", "s"), ("SMSP_MG_DOMAIN", "mg.example.org")]].concat()));
    assert!(found.len() == 1 && found[0].starts_with("SMSP_SG_BASE_URL: must be scheme and host alone"), "{found:#?}");
}

#[test]
fn real_providers_want_a_poll_address() {
    let errors = errors(load(&[("SMSP_API_KEY", "k"), ("SMSP_SG_API_KEY", "s")]));
    assert!(errors.len() == 1 && errors[0].starts_with("SMSP_POLL_MESSAGE_ADDRESS: is required"), "{errors:#?}");
}

#[test]
fn no_secret_is_listed_or_quoted() {
    let config = with(&[
        ("SMSP_MOCK_EMAIL_SERVICE", "false"),
        ("SMSP_SG_API_KEY", "canary"),
        ("SMSP_POLL_MESSAGE_ADDRESS", "p@example.org"),
    ]);
    let config = config.expect("a start");
    assert_eq!(effective(&config, "SMSP_SG_API_KEY"), "<redacted>");
    assert!(!format!("{:?}", config.effective).contains("canary"));
    let wrong = errors(with(&[("SMSP_SG_API_KEYY", "canary"), ("SMSP_PORT", "x")]));
    assert!(!wrong.is_empty() && !format!("{wrong:?}").contains("canary"), "{wrong:?}");
}

#[test]
fn a_secret_may_come_from_a_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("key");
    std::fs::write(&path, "from-file\n").expect("written");
    let path = path.to_str().expect("plain");
    let config = load(&[("SMSP_API_KEY_FILE", path), ("SMSP_MOCK_EMAIL_SERVICE", "true")]).expect("a start");
    assert!(config.callers.keys.find(b"from-file", std::time::UNIX_EPOCH).is_some());
    let two_lines = dir.path().join("two-lines");
    std::fs::write(&two_lines, "one\ntwo\n").expect("written");
    let wrong =
        errors(load(&[("SMSP_API_KEY_FILE", two_lines.to_str().expect("plain")), ("SMSP_MOCK_EMAIL_SERVICE", "true")]));
    assert_eq!(wrong, ["SMSP_API_KEY_FILE: must be one line of plain text"]);
    for bad in ["/nowhere/key", "/dev/null"] {
        let errors = errors(load(&[("SMSP_API_KEY_FILE", bad), ("SMSP_MOCK_EMAIL_SERVICE", "true")]));
        assert!(errors.len() == 1 && errors[0].starts_with("SMSP_API_KEY_FILE: names "), "{errors:#?}");
    }
}

#[test]
fn effective_defaults_follow_what_they_depend_on() {
    let config =
        with(&[("SMSP_POLL_MESSAGE_ADDRESS", "p@example.org"), ("SMSP_ATTEMPT_TIMEOUT", "7s")]).expect("a start");
    assert_eq!(effective(&config, "SMSP_POLL_FROM_ADDRESS"), "p@example.org");
    assert_eq!(effective(&config, "SMSP_PROBE_TIMEOUT"), "7s");
    assert_eq!(effective(&config, "SMSP_MOCK_ATTEMPT_TIMEOUT"), "7s");
}

#[test]
fn probe_timeout_defaults_to_the_attempt_timeout_of_its_upstream() {
    let probe_timeout =
        |pairs: &[(&str, &str)]| with(pairs).expect("a start").upstreams[0].settings.probe_timeout.as_secs();
    assert_eq!(probe_timeout(&[("SMSP_ATTEMPT_TIMEOUT", "3s"), ("SMSP_MOCK_ATTEMPT_TIMEOUT", "9s")]), 9);
    assert_eq!(probe_timeout(&[("SMSP_PROBE_TIMEOUT", "4s"), ("SMSP_MOCK_ATTEMPT_TIMEOUT", "9s")]), 4);
}

#[test]
fn a_connect_timeout_is_at_most_half_of_an_attempts_time() {
    let config = with(&[("SMSP_ATTEMPT_TIMEOUT", "1s")]).expect("a start");
    assert_eq!(config.upstreams[0].settings.connect_timeout.as_millis(), 500);
}

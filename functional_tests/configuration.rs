//! A wrong start: every error at once, each with its full variable, on stderr, and exit code 64.

mod values;
mod upstreams;
mod secrets;
mod suggestions;
mod in_force;

use crate::harness::process::Output;
use crate::harness::{Settings, run};

/// `EX_USAGE`.
const BAD_CONFIGURATION: i32 = 64;

fn stub_accounts() -> Settings {
    Settings::mailgun_then_sendgrid("http://127.0.0.1:9", "http://127.0.0.1:9")
}

/// The start fails and names each of these.
async fn fails(settings: Settings, named: &[&str]) -> Output {
    let output = run(&["serve"], &settings).await;
    assert_eq!(output.code, Some(BAD_CONFIGURATION), "{output:?}");
    for name in named {
        assert!(names(&output.stderr, name), "{name} is not named: {output:?}");
    }
    output
}

/// Does the whole name stand there, not only as the beginning of another?
fn names(text: &str, name: &str) -> bool {
    let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| !text[at + name.len()..].starts_with(goes_on))
}

/// One setting more or other makes the start fail, and is named.
async fn each_fails(base: Settings, rows: &[(&str, &str)]) {
    for (name, value) in rows {
        fails(base.clone().with(name, value), &[name]).await;
    }
}

async fn each_missing_fails(base: Settings, names: &[&str]) {
    for name in names {
        fails(base.clone().without(name), &[name]).await;
        fails(base.clone().with(name, "  "), &[name]).await;
    }
}

#[tokio::test]
async fn an_empty_environment_names_what_is_required() {
    fails(Settings::empty(), &["SMSP_API_KEY", "SMSP_PROVIDERS"]).await;
}

#[tokio::test]
async fn all_errors_are_reported_at_once() {
    let settings = stub_accounts()
        .without("SMSP_API_KEY")
        .without("SMSP_MG_DOMAIN")
        .with("SMSP_PORT", "99999")
        .with("SMSP_ATTEMPT_TIMEOUT", "10")
        .with("SMSP_FAILOVER", "sometimes")
        .with("SMSP_SG_BASE_URL", "not a url")
        .with("SMSP_MISSPELT", "1");
    let names = [
        "SMSP_API_KEY",
        "SMSP_MG_DOMAIN",
        "SMSP_PORT",
        "SMSP_ATTEMPT_TIMEOUT",
        "SMSP_FAILOVER",
        "SMSP_SG_BASE_URL",
        "SMSP_MISSPELT",
    ];
    fails(settings, &names).await;
}

#[tokio::test]
async fn a_misspelt_variable_is_an_error() {
    each_fails(
        stub_accounts(),
        &[
            ("SMSP_POLL_INTERVALL", "5s"),
            ("SMSP_API_KEYY", "x"),
            ("SMSP_MG_API_KEYY", "x"),
            ("SMSP_MG_CIRCUIT_CONSECUTIVE_FAILURE", "1"),
            ("SMSP_NOBODY_API_KEY", "x"),
            ("SMSP_CIRCUIT_PROBES", "1"),
        ],
    )
    .await;
}

#[tokio::test]
async fn variables_of_test_clients_are_no_error() {
    let settings = Settings::mock().with("SMSP_HOST_PORT", "localhost:8080").with("SMSP_PROTOCOL", "http");
    let output = run(&["check-config"], &settings).await;
    assert_eq!(output.code, Some(0), "{output:?}");
}

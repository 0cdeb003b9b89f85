//! `smsp check-config` prints what is in force, as a file of variables, and warns of what may be a mistake.

use super::stub_accounts;
use crate::harness::process::Output;
use crate::harness::{Settings, run};

async fn checked(settings: &Settings) -> Output {
    let output = run(&["check-config"], settings).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    output
}

#[tokio::test]
async fn check_config_prints_effective_values_of_derived_settings() {
    let settings = stub_accounts()
        .with("SMSP_PROVIDERS", "mailgun,smtp,ses")
        .with("SMSP_CONNECT_TIMEOUT", "8s")
        .with("SMSP_CIRCUIT_SLOW_CALL", "20s")
        .with("SMSP_SMTP_HOST", "127.0.0.1")
        .with("SMSP_SMTP_TLS", "implicit")
        .with("SMSP_SES_REGION", "eu-west-1")
        .with("SMSP_SES_ACCESS_KEY_ID", "id")
        .with("SMSP_SES_SECRET_ACCESS_KEY", "canary");
    let output = checked(&settings).await;
    for line in [
        "SMSP_PROVIDERS=mg,smtp,ses",
        "SMSP_CONNECT_TIMEOUT=5s",
        "SMSP_CIRCUIT_SLOW_CALL=never",
        "SMSP_MG_CIRCUIT_SLOW_CALL=never",
        "SMSP_PROBE_TIMEOUT=10s",
        "SMSP_POLL_FROM_ADDRESS=probes@probe.example.org",
        "SMSP_SMTP_PORT=465",
        "SMSP_SES_BASE_URL=https://email.eu-west-1.amazonaws.com",
    ] {
        assert!(output.stdout.lines().any(|printed| printed == line), "{line}: {output:?}");
    }
    assert!(output.stderr.contains("warning: SMSP_CONNECT_TIMEOUT: is 8s, but at most half of"), "{output:?}");
}

#[tokio::test]
async fn request_deadline_below_an_attempt_timeout_is_a_warning() {
    for (name, value, told) in [
        (
            "SMSP_REQUEST_DEADLINE",
            "5s",
            "is 5s, less than SMSP_MG_ATTEMPT_TIMEOUT (10s), SMSP_SG_ATTEMPT_TIMEOUT (10s)",
        ),
        ("SMSP_MG_ATTEMPT_TIMEOUT", "30s", "is 15s, less than SMSP_MG_ATTEMPT_TIMEOUT (30s): "),
    ] {
        let output = checked(&stub_accounts().with(name, value)).await;
        assert!(output.stderr.contains(&format!("warning: SMSP_REQUEST_DEADLINE: {told}")), "{output:?}");
    }
    assert!(!checked(&stub_accounts()).await.stderr.contains("SMSP_REQUEST_DEADLINE:"));
}

#[tokio::test]
async fn check_config_output_is_a_valid_env_file() {
    let first = checked(&stub_accounts().with("SMSP_ATTEMPT_TIMEOUT", "4s").with("SMSP_CONNECT_TIMEOUT", "3s")).await;
    let (variables, rest) = first.stdout.trim_end().rsplit_once('\n').expect("lines");
    assert_eq!(rest, "# ok: mg (mailgun), sg (sendgrid)", "{first:?}");
    let pairs = variables
        .lines()
        .filter(|line| !line.starts_with("# "))
        .map(|line| line.split_once('=').unwrap_or_else(|| panic!("{line}")));
    let again = checked(&pairs.fold(Settings::empty(), |all, (name, value)| all.with(name, value))).await;
    assert_eq!(again.stdout, first.stdout);
    assert!(!again.stderr.contains("CONNECT_TIMEOUT"), "it holds now: {again:?}");
}

//! "Did you mean": an error that knows what was meant says so.

use super::{fails, stub_accounts};

/// The start fails with exactly this line about the variable.
async fn is_told(name: &str, value: &str, problem: &str) {
    let output = fails(stub_accounts().with(name, value), &[name]).await;
    let line = format!("{name}: {problem}");
    assert!(output.stderr.lines().any(|told| told == line), "{line}: {output:?}");
    assert!(!output.stderr.contains("canary"), "{output:?}");
}

#[tokio::test]
async fn misspelt_variable_suggests_the_setting() {
    for (name, meant) in [
        ("SMSP_PROVIDER", "SMSP_PROVIDERS"),
        ("SMSP_REQUEST_TIMEOUT", "SMSP_REQUEST_DEADLINE"),
        ("SMSP_MG_APIKEY_", "SMSP_MG_API_KEY"),
        ("SMSP_CALLER_CALLER_RATES", "SMSP_CALLER_CALLER_RATE"),
    ] {
        is_told(name, "canary", &format!("is not a setting: did you mean {meant}?")).await;
    }
    is_told(
        "SMSP_FAVOURITE_COLOUR",
        "canary",
        "is not a setting: correct its name (`smsp help settings` lists all) or remove it",
    )
    .await;
}

#[tokio::test]
async fn unknown_upstream_or_caller_lists_the_known_ones() {
    is_told("SMSP_CALLER_SHOP_RATE", "canary", "no caller is named shop; there are: caller").await;
    is_told("SMSP_NOBODY_API_KEY", "canary", "no upstream is named nobody; there are: mg, sg").await;
    let kind = "is named after the kind, not the upstream: did you mean SMSP_MG_API_KEY?";
    is_told("SMSP_MAILGUN_API_KEY", "canary", kind).await;
}

#[tokio::test]
async fn misspelt_value_suggests_the_choice() {
    is_told("SMSP_FAILOVER", "Always", "must be one of: never, safe, always; did you mean always?").await;
    let formats = "must be one of: DEBUG, JSON_ONELINE, JSON_PRETTY";
    is_told("SMSP_LOG_OUTPUT_FORMAT", "json-oneline", &format!("{formats}; did you mean JSON_ONELINE?")).await;
    is_told("SMSP_LOG_OUTPUT_FORMAT", "XML", formats).await;
    is_told("SMSP_PROVIDERS", "mg,sendgird", "has no kind for `sendgird`: did you mean sendgrid?").await;
}

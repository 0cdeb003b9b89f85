//! Secrets: from a variable or a file, never from both, and never in an error.

use std::fs;

use tempfile::NamedTempFile;

use super::{fails, stub_accounts};

#[tokio::test]
async fn secret_in_a_variable_and_a_file_is_an_error() {
    let file = NamedTempFile::new().expect("a temporary file can be made");
    fs::write(file.path(), "secret").expect("a temporary file can be written");
    let path = file.path().display().to_string();
    fails(stub_accounts().with("SMSP_API_KEY_FILE", &path), &["SMSP_API_KEY", "SMSP_API_KEY_FILE"]).await;
    fails(stub_accounts().with("SMSP_MG_API_KEY_FILE", &path), &["SMSP_MG_API_KEY_FILE"]).await;
}

#[tokio::test]
async fn a_secret_file_that_cannot_be_read_or_is_empty_is_an_error() {
    let empty = NamedTempFile::new().expect("a temporary file can be made");
    for path in ["/no/such/file", &empty.path().display().to_string()] {
        let settings = stub_accounts().without("SMSP_SG_API_KEY").with("SMSP_SG_API_KEY_FILE", path);
        fails(settings, &["SMSP_SG_API_KEY_FILE"]).await;
    }
}

#[tokio::test]
async fn keys_of_several_callers_are_checked_at_the_start() {
    let most = (0..2000).map(|number| format!("c{number}:k{number}")).collect::<Vec<_>>().join(",");
    for keys in [
        "canary",
        "Shop:canary",
        "shop:",
        "shop:sha256:canary",
        "shop:canary;until=never",
        "a:1,a:2,a:3",
        "a:canary,b:canary",
        &most,
    ] {
        let output = fails(stub_accounts().with("SMSP_API_KEYS", keys), &["SMSP_API_KEYS"]).await;
        assert!(!output.stderr.contains("canary"), "{output:?}");
    }
    let one = stub_accounts().with("SMSP_API_KEY", "canary").with("SMSP_API_KEYS", "shop:canary");
    let output = fails(one, &["SMSP_API_KEYS", "SMSP_API_KEY", "shop"]).await;
    assert!(!output.stderr.contains("canary"), "{output:?}");
    let terms = stub_accounts().with("SMSP_API_KEYS", "shop:k").with("SMSP_CALLER_STORE_RATE", "1/s");
    fails(terms, &["SMSP_CALLER_STORE_RATE"]).await;
}

#[tokio::test]
async fn admin_keys_are_checked_at_the_start() {
    for keys in [
        "canary",
        "ada:canary",
        "ada:king:canary",
        "ada:Operator:canary",
        "ada:operator:",
        "ada:operator:sha256:canary",
        "ada:operator:canary;until=never",
        "Ada:operator:canary",
        "timer:viewer:canary",
        "loopback:viewer:canary",
        "ada:operator:1,ada:viewer:2,ada:operator:3",
        "ada:operator:canary,bo:viewer:canary",
        "ada:operator:canary,ada:operator:canary",
    ] {
        let output = fails(stub_accounts().with("SMSP_ADMIN_KEYS", keys), &["SMSP_ADMIN_KEYS"]).await;
        assert!(!output.stderr.contains("canary"), "{output:?}");
    }
    let shared = stub_accounts().with("SMSP_API_KEYS", "shop:canary").with("SMSP_ADMIN_KEYS", "ada:operator:canary");
    let output = fails(shared, &["SMSP_ADMIN_KEYS", "ada", "shop"]).await;
    assert!(!output.stderr.contains("canary"), "{output:?}");
    let files = stub_accounts().with("SMSP_ADMIN_KEYS_FILE", "/no/such/file");
    fails(files.clone(), &["SMSP_ADMIN_KEYS_FILE"]).await;
    fails(files.with("SMSP_ADMIN_KEYS", "ada:operator:k"), &["SMSP_ADMIN_KEYS_FILE", "SMSP_ADMIN_KEYS"]).await;
}

#[tokio::test]
async fn a_file_that_never_ends_is_an_error() {
    let settings = stub_accounts().without("SMSP_API_KEY").with("SMSP_API_KEYS_FILE", "/dev/zero");
    fails(settings, &["SMSP_API_KEYS_FILE"]).await;
}

#[tokio::test]
async fn no_error_shows_a_secret() {
    let settings = stub_accounts()
        .with("SMSP_API_KEY", "canary-key with a space\u{1}")
        .with("SMSP_MG_API_KEY", "canary-mg\nkey")
        .with("SMSP_SG_API_KEY", "canary-sg")
        .with("SMSP_PORT", "99999");
    let output = fails(settings, &["SMSP_PORT"]).await;
    assert!(!output.stderr.contains("canary") && !output.stdout.contains("canary"), "{output:?}");
}

//! Secrets: from a variable or a file, never from both, and never in an error.

use std::fs;

use tempfile::NamedTempFile;

use super::{fails, stub_accounts};

#[tokio::test]
async fn a_secret_stands_in_one_place_only() {
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
async fn no_error_shows_a_secret() {
    let settings = stub_accounts()
        .with("SMSP_API_KEY", "canary-key with a space\u{1}")
        .with("SMSP_MG_API_KEY", "canary-mg\nkey")
        .with("SMSP_SG_API_KEY", "canary-sg")
        .with("SMSP_PORT", "99999");
    let output = fails(settings, &["SMSP_PORT"]).await;
    assert!(!output.stderr.contains("canary") && !output.stdout.contains("canary"), "{output:?}");
}

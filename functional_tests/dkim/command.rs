//! `smsp dkim new`, and what `check-config` says of the keys.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{new_keys, printed, settings};
use crate::harness::{Settings, run};

#[tokio::test]
async fn keys_are_made_once_and_their_records_are_printed_with_all_that_a_domain_needs() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let output = new_keys(directory.path(), "Example.org").await;
    let records = printed(&output);
    let names: Vec<_> =
        records.iter().map(|(name, _)| name.split_once('-').map_or(&**name, |(_, rest)| rest)).collect();
    let expected =
        ["rsa._domainkey.example.org", "ed25519._domainkey.example.org", "example.org", "_dmarc.example.org"];
    assert_eq!(names, expected, "{output}");
    assert!(records[0].1.starts_with("v=DKIM1; k=rsa; p=") && records[0].1.len() > 400, "{output}");
    assert!(records[1].1.starts_with("v=DKIM1; k=ed25519; p="), "{output}");
    assert_eq!(records[2].1, "v=spf1 a:mail.example.org ~all");
    assert!(output.contains("; PTR: ") && !output.contains("PRIVATE"), "{output}");
    let files: Vec<_> = fs::read_dir(directory.path().join("example.org")).expect("a folder").flatten().collect();
    assert_eq!(files.len(), 2);
    for file in &files {
        assert_eq!(file.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
    }
    let before: Vec<_> = files.iter().map(|file| fs::read(file.path()).expect("a key")).collect();
    let again = run(&["dkim", "new", "example.org"], &settings(directory.path())).await;
    // Just after midnight the names are others, and nothing is overwritten either.
    assert!(
        again.code == Some(1) && again.stderr.contains("-rsa.pem already") || again.stdout.contains("until"),
        "{again:?}"
    );
    let after: Vec<_> = files.iter().map(|file| fs::read(file.path()).expect("a key")).collect();
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_new_key_waits_while_an_older_one_signs() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    new_keys(directory.path(), "example.org").await;
    let folder = directory.path().join("example.org");
    for file in fs::read_dir(&folder).expect("a folder").flatten() {
        let kind = file.file_name().to_string_lossy().split_once('-').expect("a day and a kind").1.to_owned();
        fs::rename(file.path(), folder.join(format!("20200101-{kind}"))).expect("a key can be renamed");
    }
    let output = new_keys(directory.path(), "example.org").await;
    assert!(output.contains("20200101-rsa and 20200101-ed25519 sign until their files are removed"), "{output}");
    let shown = run(&["check-config"], &settings(directory.path())).await;
    let line = shown.stdout.lines().find(|line| line.starts_with("# DKIM keys of example.org: ")).expect("a line");
    assert!(line.contains("20200101-rsa (RSA, 2048 bits), 20200101-ed25519 (Ed25519); not used yet: "), "{line}");
}

#[tokio::test]
async fn what_is_no_domain_or_no_directory_is_the_wrong_use() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for domain in ["localhost", "../etc", "a@example.org"] {
        let output = run(&["dkim", "new", domain], &settings(directory.path())).await;
        assert!(output.code == Some(64) && output.stderr.contains("is no domain"), "{output:?}");
    }
    let output = run(&["dkim", "new", "example.org"], &Settings::empty()).await;
    assert!(output.code == Some(64) && output.stderr.contains("SMSP_DKIM_DIR"), "{output:?}");
    assert_eq!(fs::read_dir(directory.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn a_file_that_is_no_key_is_a_mistake_of_the_configuration() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::create_dir(directory.path().join("example.org")).expect("a folder");
    fs::write(directory.path().join("example.org/s.pem"), "canary").expect("a file");
    let output = run(&["check-config"], &settings(directory.path())).await;
    assert_eq!(output.code, Some(64), "{output:?}");
    assert!(output.stderr.contains("SMSP_DKIM_DIR: example.org/s.pem has no private key"), "{output:?}");
    assert!(!output.stderr.contains("canary"), "{output:?}");
}

#[tokio::test]
async fn a_key_that_everybody_can_read_is_a_warning() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    new_keys(directory.path(), "example.org").await;
    let checked = run(&["check-config"], &settings(directory.path())).await;
    assert!(checked.code == Some(0) && !checked.stderr.contains("SMSP_DKIM_DIR"), "{checked:?}");
    for file in fs::read_dir(directory.path().join("example.org")).expect("a folder").flatten() {
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).expect("a mode can be set");
    }
    let checked = run(&["check-config"], &settings(directory.path())).await;
    assert_eq!((checked.code, checked.stderr.matches("lets every user of this machine read it").count()), (Some(0), 2));
}

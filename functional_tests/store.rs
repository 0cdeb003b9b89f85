//! The store of a node: opened at the start, its own, and told of in clear words where it cannot be.

use std::path::Path;

use tempfile::TempDir;

use crate::harness::{Proxy, Settings, mails, run};

const KEY: &str = "2026a:4242424242424242424242424242424242424242424242424242424242424242";

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory can be made")
}

fn settings(directory: &Path) -> Settings {
    let store = format!("sqlite:{}", directory.display());
    Settings::mock().with("SMSP_STORE", &store).with("SMSP_STORE_KEY", KEY)
}

#[tokio::test]
async fn a_node_with_a_store_serves_and_says_that_it_is_up() {
    let directory = directory();
    let proxy = Proxy::start(settings(directory.path())).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    let metrics = proxy.client.metrics().await;
    assert!((metrics.gauge("smsp_store_up", &[("database", "sqlite")]) - 1.0).abs() < f64::EPSILON, "{}", metrics.page);
    let without = Proxy::start(Settings::mock()).await.client.metrics().await;
    assert!(!without.has("smsp_store_up", &[("database", "sqlite")]), "{}", without.page);
}

#[tokio::test]
async fn a_second_node_on_one_directory_ends_with_the_reason() {
    let directory = directory();
    let first = Proxy::start(settings(directory.path())).await;
    let second = run(&["serve"], &settings(directory.path())).await;
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains("is in use by another process"), "{second:?}");
    first.client.send(&mails::plain()).await.expect(200);
}

#[tokio::test]
async fn a_start_with_another_key_ends_with_its_name_and_no_digit_of_it() {
    let directory = directory();
    drop(Proxy::start(settings(directory.path())).await);
    let wrong = settings(directory.path()).with("SMSP_STORE_KEY", &KEY.replace("4242", "4343"));
    let output = run(&["serve"], &wrong).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("SMSP_STORE_KEY: the key `2026a` is not the one"), "{output:?}");
    assert!(!output.stderr.contains("4343") && !output.stdout.contains("4343"), "{output:?}");
}

#[tokio::test]
async fn check_config_shows_where_the_store_is_and_the_names_of_its_keys() {
    let directory = directory();
    let output = run(&["check-config"], &settings(directory.path())).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let lines: Vec<_> = output.stdout.lines().filter(|line| line.starts_with("SMSP_STORE")).collect();
    let expected =
        [format!("SMSP_STORE=sqlite:{}", directory.path().display()), "SMSP_STORE_KEY=2026a:<redacted>".into()];
    assert_eq!(lines, expected);
    assert_eq!(std::fs::read_dir(directory.path()).expect("a directory").count(), 0, "it opens nothing");
}

#[tokio::test]
async fn wrong_settings_of_the_store_are_named() {
    let stored = || settings(Path::new("/var/lib/smsp"));
    for (settings, named) in [
        (stored().with("SMSP_STORE", "sqlite:var"), "SMSP_STORE: must be sqlite: and the absolute path of a directory"),
        (stored().without("SMSP_STORE_KEY"), "SMSP_STORE_KEY: is required with SMSP_STORE"),
        (stored().with("SMSP_STORE_KEY", "canary"), "SMSP_STORE_KEY: must be a name, a colon and 64 hex digits"),
        (stored().with("SMSP_STORE_KEY_FILE", "/none"), "SMSP_STORE_KEY_FILE: is set beside SMSP_STORE_KEY"),
    ] {
        let output = run(&["check-config"], &settings).await;
        assert_eq!(output.code, Some(64), "{output:?}");
        assert!(output.stderr.contains(named), "{named}: {output:?}");
        assert!(!output.stderr.contains("canary"), "{output:?}");
    }
    let unused = run(&["check-config"], &stored().without("SMSP_STORE")).await;
    assert!(unused.stderr.contains("warning: SMSP_STORE_KEY: is not used"), "{unused:?}");
}

//! Keys that change while a node serves.

use std::fs;

use super::{new_keys, settings};
use crate::harness::wait::when;
use crate::harness::{Proxy, eventually};

#[tokio::test]
async fn keys_are_read_again_while_a_node_serves_and_what_is_broken_or_gone_changes_nothing() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    new_keys(directory.path(), "example.org").await;
    let proxy = Proxy::start(settings(directory.path())).await;
    let counted = async |outcome: &'static str| {
        let labels = [("file", "dkim_keys"), ("outcome", outcome)];
        proxy.client.metrics().await.count("smsp_reloads_total", &labels)
    };
    let ignored = async || proxy.client.metrics().await.count("smsp_file_ignored", &[("file", "dkim_keys")]);
    let logs = async |words: &str| {
        eventually(words, async || when(all_lines(&proxy).contains(words), || all_lines(&proxy))).await;
    };
    assert_eq!((counted("ok").await, counted("failed").await), (0, 0));
    new_keys(directory.path(), "example.com").await;
    logs("DKIM keys reloaded").await;
    let broken = directory.path().join("example.com/broken.pem");
    fs::write(&broken, "-----BEGIN PRIVATE KEY-----\ncanary\n").expect("a file can be written");
    logs("example.com/broken.pem has no private key").await;
    assert_eq!((counted("failed").await, ignored().await), (1, 1));
    fs::remove_file(&broken).expect("a file can be removed");
    eventually("the keys hold again", async || when(ignored().await == 0, || "not yet".to_owned())).await;
    // At once, as a volume is swapped; hidden names are not looked at.
    let remove = |name: &str| {
        let (folder, hidden) = (directory.path().join(name), directory.path().join(format!(".{name}")));
        fs::rename(folder, hidden).expect("a folder can be renamed");
    };
    remove("example.com");
    logs("a domain has no DKIM key any more").await;
    remove("example.org");
    logs("no key is left in").await;
    assert_eq!((counted("failed").await, ignored().await), (2, 1));
    let log = all_lines(&proxy);
    assert!(!log.contains("canary") && !log.contains("MII"), "{log}");
}

fn all_lines(proxy: &Proxy) -> String {
    proxy.logs().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

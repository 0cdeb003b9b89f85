//! Files of a SQLite store that are taken away under a node: it accepts, claims and marks nothing, and no second node gets in.

use std::fs;
use std::time::Duration;

use super::provider::{Provider, Waiting};
use crate::harness::outbox::{Store, at_rest, becomes, queue, queued};
use crate::harness::wait::when;
use crate::harness::{Proxy, eventually, mails, run};

#[tokio::test]
async fn a_node_whose_database_was_renamed_accepts_and_sends_nothing_until_it_is_back() {
    let waiting = Waiting::on_sqlite().await;
    let (provider, client) = (&waiting.provider, &waiting.node.client);
    let [database, away] = ["smsp.db", "away.db"].map(|name| waiting.directory.path().join(name));
    fs::rename(&database, &away).expect("it can be renamed");
    let refused = queue(client, &mails::with_subject("2")).await.expect_problem(503, "none", true);
    assert!(refused.retry_after() >= 1, "{refused}");
    waiting.may_be_sent().await;
    client.send(&mails::with_subject("3")).await.expect(200);
    let metrics = client.metrics().await;
    assert!(metrics.gauge("smsp_store_up", &[]) < 0.5, "{}", metrics.page);
    assert_eq!(provider.taken(), [(3, 1)].into(), "mail of the outbox was handed over");
    let line = "a file of the store was removed, renamed or replaced: put it back, or stop the node";
    eventually("the log says what to do", async || {
        let log = waiting.node.process.evidence();
        when(log.contains(line), || log)
    })
    .await;
    assert!(!database.exists(), "a new database was made");
    fs::rename(&away, &database).expect("it can be renamed");
    becomes(client, &waiting.id, "accepted").await;
    queued(client, &mails::with_subject("4")).await;
    at_rest(client).await;
    assert_eq!(provider.taken(), [(1, 1), (3, 1), (4, 1)].into());
}

#[tokio::test]
async fn a_node_finds_out_by_itself_that_its_database_was_removed() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let provider = Provider::taking_after(Duration::ZERO);
    let proxy = Proxy::start(Store::sqlite(directory.path()).under(provider.settings())).await;
    fs::remove_file(directory.path().join("smsp.db")).expect("it can be removed");
    eventually("the store is down", async || {
        let metrics = proxy.client.metrics().await;
        when(metrics.gauge("smsp_store_up", &[]) < 0.5, || metrics.page)
    })
    .await;
}

#[tokio::test]
async fn a_second_node_is_refused_where_the_file_that_is_locked_was_removed() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let provider = Provider::taking_after(Duration::ZERO);
    let settings = Store::sqlite(directory.path()).under(provider.settings());
    let proxy = Proxy::start(settings.clone()).await;
    fs::remove_file(directory.path().join("smsp.lock")).expect("it can be removed");
    let second = run(&["serve"], &settings).await;
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains("is in use by another process"), "{second:?}");
    queued(&proxy.client, &mails::plain()).await;
}

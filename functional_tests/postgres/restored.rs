//! Restored copies of the database, and a server that takes over: nothing is sent from an older copy without an order.

use serde_json::json;

use super::fixture::{REST, all_accepted, on, queue};
use crate::harness::outbox::{pause, sent_twice};
use crate::harness::postmaster::Postmaster;
use crate::harness::wait::{eventually_within, when};
use crate::harness::{Proxy, Settings, StubProvider, admin, run};

/// Mails that are sent after the copy.
const AFTER: usize = 1000;

async fn accept(node: &Proxy, subjects: std::ops::Range<usize>) {
    for subject in subjects {
        queue(&node.client, &subject.to_string(), None).await.expect(202);
    }
}

/// Waits until the node takes the store for an older copy, or for none.
async fn went_back(node: &Proxy, wanted: bool) {
    eventually_within(REST, "the node looks at the store", async || {
        let gauge = node.client.metrics().await.gauge("smsp_outbox_went_back", &[]);
        when((gauge > 0.5) == wanted, || node.process.evidence())
    })
    .await;
}

#[tokio::test]
async fn nodes_that_run_on_send_nothing_again_from_a_cluster_that_was_put_back() {
    run_on(async |server| server.copy_while_stopped(), async |server| server.put_copy_back()).await;
}

#[tokio::test]
async fn nodes_that_run_on_send_nothing_again_from_a_server_that_went_back_to_a_point_in_time() {
    run_on(async |server| server.archive("copy").await, async |server| server.restore_to("copy").await).await;
}

/// Sends mail after a copy was made, has the copy put back, and accepts it. The copy is of a paused outbox.
async fn run_on(copy: impl AsyncFn(&Postmaster), put_back: impl AsyncFn(&Postmaster)) {
    let Some(server) = Postmaster::start() else { return };
    let (database, provider) = (server.database().await, StubProvider::mailgun().await);
    let settings = on(&server.url(&database), Settings::server().mailgun(&provider.url()).patient_circuits());
    let node = Proxy::start(settings.clone()).await;
    pause(&node, true).await;
    accept(&node, 0..AFTER).await;
    copy(&server).await;
    eventually_within(REST, "the node goes on", async || {
        let answer = queue(&node.client, "after the copy", None).await;
        when(answer.status == 202, || answer.to_string())
    })
    .await;
    pause(&node, false).await;
    all_accepted(&server, &database).await;
    let sent = provider.mails().len();
    put_back(&server).await;
    went_back(&node, true).await;
    // The copy is paused, as it was.
    pause(&node, false).await;
    let status = run(&["store", "status"], &settings).await;
    assert_eq!(status.code, Some(1), "{status:?}");
    assert!(status.stdout.contains("marks are missing that are remembered"), "{status:?}");
    let accepted = run(&["store", "accept-restore"], &settings).await;
    assert!(accepted.code == Some(0) && accepted.stdout.contains(&format!("parked: {AFTER}")), "{accepted:?}");
    went_back(&node, false).await;
    queue(&node.client, "new", None).await.expect(202);
    provider.receives_mails(sent + 1).await;
    assert_eq!((provider.mails().len(), sent_twice(&provider)), (sent + 1, 0), "without an order");
    let order = json!({"caller": "caller", "over": "1ms"});
    let released = admin::call(node.ops, reqwest::Method::POST, "/outbox/release", &[], Some(&order)).await.expect(200);
    assert_eq!(released.json, json!({"released": AFTER, "more": false}));
    all_accepted(&server, &database).await;
    assert_eq!(sent_twice(&provider), AFTER, "the order was to send them again");
}

#[tokio::test]
async fn a_node_on_a_restored_dump_sends_nothing() {
    let Some(server) = Postmaster::shared() else { return };
    let (from, to, provider) = (server.database().await, server.database().await, StubProvider::mailgun().await);
    let before = |url: &str| on(url, Settings::server().mailgun(&provider.url()).patient_circuits());
    let first = Proxy::start(before(&server.url(&from))).await;
    pause(&first, true).await;
    accept(&first, 0..9).await;
    server.dump_and_restore(&from, &to);
    let second = Proxy::start(before(&server.url(&to))).await;
    went_back(&second, true).await;
    pause(&second, false).await;
    let outbox = second.client.ops("/outbox").await.expect(200);
    assert_eq!(outbox.at("/went_back"), "the database is in another place than before");
    pause(&first, false).await;
    all_accepted(server, &from).await;
    assert_eq!(provider.mails().len(), 9, "those of the first node");
}

#[tokio::test]
async fn a_server_that_takes_over_with_every_mark_goes_on_by_itself() {
    let Some(server) = Postmaster::start() else { return };
    let (database, provider) = (server.database().await, StubProvider::mailgun().await);
    let settings = on(&server.url(&database), Settings::server().mailgun(&provider.url()).patient_circuits());
    let node = Proxy::start(settings).await;
    accept(&node, 0..9).await;
    all_accepted(&server, &database).await;
    server.begin_timeline().await;
    went_back(&node, true).await;
    went_back(&node, false).await;
    accept(&node, 10..11).await;
    all_accepted(&server, &database).await;
    assert_eq!((provider.mails().len(), sent_twice(&provider)), (10, 0));
}

//! The restore drill of `docs/how-to/back-up-and-restore.md`, typed as it stands there: nothing is sent twice by itself, and
//! what waits is sent once an operator says so.

mod place;
mod reader;

use serde_json::{Value, json};

use crate::harness::outbox::{at_rest, becomes, pause, queued, sent_twice};
use crate::harness::wait::{PATIENCE, eventually, when};
use crate::harness::{Proxy, Settings, StubProvider, mails, tool};
use place::Place;
use reader::Reader;

/// Mails that were sent before the backup.
const BEFORE: usize = 5;
/// Mails that wait when the backup is made, and are sent then.
const WAITING: usize = 20;
/// Mails that are accepted after the backup.
const AFTER: usize = 7;

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_store_is_backed_up_and_restored_as_the_how_to_says() {
    drill(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_store_is_backed_up_and_restored_as_the_how_to_says() {
    let Some(place) = Place::postgres().await else { return };
    drill(place).await;
}

async fn drill(mut place: Place) {
    if !tool::is_here("curl", "curl") {
        return;
    }
    let provider = StubProvider::mailgun().await;
    let settings = |place: &Place| place.store().under(Settings::server().mailgun(&provider.url()).patient_circuits());
    let mut reader = Reader::of(&place);

    let node = Proxy::start(settings(&place)).await;
    accept(&node, "before", BEFORE).await;
    at_rest(&node.client).await;
    pause(&node, true).await;
    accept(&node, "waiting", WAITING).await;
    reader.types(place.backing_up(), 0, &settings(&place)).await;
    pause(&node, false).await;
    accept(&node, "after", AFTER).await;
    at_rest(&node.client).await;
    let sent = BEFORE + WAITING + AFTER;
    assert_eq!((provider.mail_count(), sent_twice(&provider)), (sent, 0), "before the loss");
    stop(node).await;

    reader.types(place.restoring(), 0, &settings(&place)).await;
    place.is_restored();
    let status = reader.runs("Accept the copy", 0, &settings(&place)).await;
    assert_eq!(status.code, Some(1), "{status:?}");
    reader.shows("Accept the copy", 0, &status.stdout);
    assert!(status.stdout.contains(place.went_back()), "{status:?}");
    assert!(status.stdout.contains(&format!("queued: {WAITING}\naccepted: {BEFORE}\n")), "{status:?}");

    let node = Proxy::start(settings(&place)).await;
    went_back(&node).await;
    let new = queued(&node.client, &mails::with_subject("new")).await;
    stop(node).await;
    let accepted = reader.types("Accept the copy", 1, &settings(&place)).await;
    reader.shows("Accept the copy", 1, &accepted);
    assert_eq!(accepted, format!("parked: {WAITING}\nunknown: 0"));

    let node = Proxy::start(settings(&place)).await;
    reader.asks(&node);
    // The backup was made while the outbox was paused.
    reader.types("Accept the copy", 2, &settings(&place)).await;
    becomes(&node.client, &new, "accepted").await;
    assert_eq!((provider.mail_count(), sent_twice(&provider)), (sent + 1, 0), "without an order");
    let released = reader.types("Release what was parked", 0, &settings(&place)).await;
    let released: Value = serde_json::from_str(&released).expect("JSON");
    assert_eq!(released, json!({"released": WAITING, "more": false}));
    let counts = at_rest(&node.client).await;
    assert_eq!((counts.status("accepted"), counts.all()), ((BEFORE + WAITING + 1) as u64, counts.status("accepted")));
    assert_eq!((provider.mail_count(), sent_twice(&provider)), (sent + 1 + WAITING, WAITING), "as ordered");
}

/// So many mails for later, each with a subject of its own.
async fn accept(node: &Proxy, subject: &str, mails: usize) {
    for number in 0..mails {
        queued(&node.client, &mails::with_subject(&format!("{subject} {number}"))).await;
    }
}

async fn stop(node: Proxy) {
    node.terminate();
    let output = node.exit(PATIENCE).await;
    assert_eq!(output.code, Some(0), "{output:?}");
}

/// Waits until the node has noticed that its store is an older copy.
async fn went_back(node: &Proxy) {
    eventually("the store is taken for an older copy", async || {
        let metrics = node.client.metrics().await;
        when(metrics.gauge("smsp_outbox_went_back", &[]) > 0.5, || node.process.evidence())
    })
    .await;
}

//! Nodes with an outbox in a database of their test.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::harness::outbox::{Store, id};
use crate::harness::postmaster::Postmaster;
use crate::harness::wait::{eventually_within, when};
use crate::harness::{Answer, Client, Settings, mails};

/// A database is away for as long as its deadlines take, and a mail waits for some seconds then.
pub(super) const REST: Duration = Duration::from_secs(90);

/// A node with an outbox in the database of this URL; the mock takes its mails.
pub(super) fn settings(url: &str) -> Settings {
    on(url, Settings::mock())
}

/// These settings, with an outbox in the database of this URL.
pub(super) fn on(url: &str, settings: Settings) -> Settings {
    Store::at(url).under(settings)
}

/// `POST /outbox`, under this key if there is one.
pub(super) async fn queue(client: &Client, subject: &str, key: Option<&str>) -> Answer {
    let headers: Vec<_> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
    client.post_to("/outbox", mails::with_subject(subject).to_string(), &headers).await
}

/// Waits until a mail is taken again.
pub(super) async fn takes_mail_again(client: &Client) {
    eventually_within(REST, "the outbox takes mail again", async || {
        let answer = queue(client, "again", None).await;
        when(answer.status == 202, || answer.to_string())
    })
    .await;
}

/// Waits until the store is said to be up, or down.
pub(super) async fn store_is(client: &Client, up: bool) {
    eventually_within(REST, "the store is up or down", async || {
        let metrics = client.metrics().await;
        let gauge = metrics.gauge("smsp_store_up", &[("database", "postgres")]);
        when((gauge > 0.5) == up, || metrics.page)
    })
    .await;
}

/// How many submissions there are in the database.
pub(super) async fn submissions(server: &Postmaster, database: &str) -> usize {
    number(server, database, "select count(*) from smsp_submission").await
}

/// The number that this statement gives.
pub(super) async fn number(server: &Postmaster, database: &str, sql: &str) -> usize {
    let values = server.sql(database, sql).await;
    values.first().and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{sql}: {values:?}"))
}

/// Waits until every mail in the database is accepted.
pub(super) async fn all_accepted(server: &Postmaster, database: &str) {
    eventually_within(REST, "every mail is accepted", async || {
        let left = server.sql(database, "select state from smsp_outbox where state <> 5").await;
        when(left.is_empty(), || format!("{left:?}"))
    })
    .await;
}

/// Nothing but a clear yes, a clear no, or `unknown` with the id to ask for.
#[track_caller]
pub(super) fn is_honest(answer: &Answer) {
    let delivery = answer.json["delivery"].as_str();
    match answer.status {
        202 => assert_eq!(delivery, Some("queued"), "{answer}"),
        503 => assert_eq!(delivery, Some("none"), "{answer}"),
        504 => assert!(delivery == Some("unknown") && answer.json["id"].is_string(), "{answer}"),
        _ => panic!("{answer}"),
    }
}

/// Repeats a call under its key until it is accepted: its id.
pub(super) async fn accepted(client: &Client, key: &str) -> String {
    let mut named = BTreeSet::new();
    eventually_within(REST, "a repeat is accepted", async || {
        let answer = queue(client, key, Some(key)).await;
        is_honest(&answer);
        if answer.status != 503 {
            named.insert(id(&answer));
        }
        assert!(named.len() <= 1, "one key, one id: {named:?}");
        when(answer.status == 202, || answer.to_string()).map(|()| id(&answer))
    })
    .await
}

//! A database whose disk is full: it answers, and refuses what would be written. The store is down until it writes again.

use serde_json::json;

use super::fixture::{accepted, all_accepted, is_honest, on, queue, store_is, submissions};
use crate::harness::outbox::{Counts, id, status};
use crate::harness::postmaster::Postmaster;
use crate::harness::wait::when;
use crate::harness::{Proxy, Settings, StubProvider, eventually, mails};

/// What PostgreSQL says by the code 53100, `disk_full`.
const FULL: &str = "create function test_full() returns trigger language plpgsql as $$
    begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$";
/// At which statements it says so: at each that writes a mail, or at the COMMIT.
const STATEMENT: [&str; 3] = [
    "create trigger test_full before update on smsp_schema for each row execute function test_full()",
    "create trigger test_full before insert on smsp_submission for each row execute function test_full()",
    "create trigger test_full before insert or update on smsp_outbox for each row execute function test_full()",
];
const COMMIT: [&str; 3] = [
    "create constraint trigger test_full after update on smsp_schema deferrable initially deferred
        for each row execute function test_full()",
    "create constraint trigger test_full after insert on smsp_submission deferrable initially deferred
        for each row execute function test_full()",
    "create constraint trigger test_full after insert or update on smsp_outbox deferrable initially deferred
        for each row execute function test_full()",
];
const ROOM: [&str; 3] = [
    "drop trigger test_full on smsp_submission",
    "drop trigger test_full on smsp_outbox",
    "drop trigger test_full on smsp_schema",
];
/// Calls that write while the disk is full.
const KEYS: [&str; 3] = ["a", "b", "c"];

#[tokio::test]
async fn while_the_disk_is_full_each_statement_is_refused_and_all_goes_on_once_there_is_room() {
    goes_on(STATEMENT).await;
}

#[tokio::test]
async fn while_the_disk_is_full_each_commit_is_refused_and_all_goes_on_once_there_is_room() {
    goes_on(COMMIT).await;
}

async fn goes_on(full: [&str; 3]) {
    let Some(server) = Postmaster::shared() else { return };
    let (database, provider) = (server.database().await, StubProvider::sendgrid().await);
    let settings = Settings::server().sendgrid(&provider.url()).patient_circuits();
    let node = Proxy::start(on(&server.url(&database), settings)).await;
    let (client, circuit) = (&node.client, |word: &str| json!({"override": word}));
    client.order("sg", &circuit("open")).await.expect(200);
    let before = id(&queue(client, "before", None).await.expect(202));
    server.sql(&database, FULL).await;
    for trigger in full {
        server.sql(&database, trigger).await;
    }
    client.order("sg", &circuit("closed")).await.expect(200);
    let mut named = Vec::new();
    for key in KEYS {
        let answer = queue(client, key, Some(key)).await;
        is_honest(&answer);
        assert_ne!(answer.status, 202, "nothing can be written: {answer}");
        named.push((key, (answer.status != 503).then(|| id(&answer))));
    }
    eventually("the log has the code", async || {
        let is_told = |line: &serde_json::Value| line["code"] == "53100" && line["level"] == "WARN";
        when(node.logs().iter().any(is_told), || node.process.evidence())
    })
    .await;
    store_is(client, false).await;
    client.send(&mails::plain()).await.expect(200);
    assert_eq!((provider.mails().len(), Counts::of(client).await.status("queued")), (1, 1), "no mark, no hand-over");
    for trigger in ROOM {
        server.sql(&database, trigger).await;
    }
    store_is(client, true).await;
    for (key, named) in named {
        let again = accepted(client, key).await;
        assert!(named.is_none_or(|id| id == again), "{key} is {again} now");
    }
    all_accepted(server, &database).await;
    assert_eq!(status(client, &before).await, "accepted");
    assert_eq!((submissions(server, &database).await, provider.mails().len()), (4, 5));
}

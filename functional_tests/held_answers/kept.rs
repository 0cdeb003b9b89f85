//! What is held after a node was killed, on either store.

use std::path::Path;

use serde_json::json;

use super::{gated, id, known, look, replayed, send, sending, settings, without_outbox};
use crate::harness::database::{Database, on_both_stores};
use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, mails};

on_both_stores! {
    an_accepted_mail_is_not_sent_again_after_its_node_was_killed,
    a_mail_in_flight_when_its_node_was_killed_is_unknown_and_never_sent_again,
    an_unknown_is_asked_about_again_after_a_restart_where_the_provider_takes_a_mail_once,
    a_none_leaves_the_key_free,
    no_address_is_in_the_database_in_clear,
}

async fn an_accepted_mail_is_not_sent_again_after_its_node_was_killed(database: &Database) {
    let provider = StubProvider::sendgrid().await;
    let proxy = Proxy::start(settings(database, &provider)).await;
    let first = send(&proxy.client, "k").await.expect(200);
    // Which kills it.
    drop(proxy);
    let proxy = Proxy::start(settings(database, &provider)).await;
    for _ in 0..2 {
        let repeat = send(&proxy.client, "k").await.expect(200);
        assert!(replayed(&repeat) && repeat.json == first.json, "{repeat}");
    }
    let other = mails::with_subject("another");
    let other = proxy.client.send_with(&other, &[("idempotency-key", "k")]).await;
    other.expect_problem(422, "none", false);
    assert_eq!(known(&look(&proxy.client, &id(&first)).await.expect(200)), (&json!("accepted"), &json!("sg")));
    provider.only_mail();
}

async fn a_mail_in_flight_when_its_node_was_killed_is_unknown_and_never_sent_again(database: &Database) {
    let (provider, _gate) = gated().await;
    let proxy = Proxy::start(settings(database, &provider)).await;
    let call = sending(&proxy.client, "k");
    provider.receives_mails(1).await;
    drop(proxy);
    call.abort();
    let proxy = Proxy::start(settings(database, &provider)).await;
    if let Database::Postgres(..) = database {
        // It is another node for all that this one knows.
        let elsewhere = send(&proxy.client, "k").await.expect_problem(409, "none", true);
        assert!((1..=5).contains(&elsewhere.retry_after()), "{elsewhere}");
        let ended = "update smsp_answer set lease_until = smsp_answers_now() returning 1";
        assert_eq!(database.change(["", ended]).await, 1);
    }
    for _ in 0..2 {
        let repeat = send(&proxy.client, "k").await.expect_problem(504, "unknown", false);
        assert!(replayed(&repeat) && repeat.attempts().is_empty(), "{repeat}");
        let shown = look(&proxy.client, &id(&repeat)).await.expect(200);
        assert_eq!((known(&shown), shown.at("/attempts")), ((&json!("unknown"), &json!(null)), &json!([])), "{shown}");
    }
    assert_eq!(provider.mail_count(), 1);
}

async fn an_unknown_is_asked_about_again_after_a_restart_where_the_provider_takes_a_mail_once(database: &Database) {
    let resend = StubProvider::sendgrid().await;
    resend.does(Reply::new(500, "").into());
    let settings = database.under(Settings::server().resend(&resend.url()).patient_circuits());
    let settings = without_outbox(settings);
    let proxy = Proxy::start(settings.clone()).await;
    let first = send(&proxy.client, "k").await.expect_problem(504, "unknown", false);
    let before = resend.mail_count();
    drop(proxy);
    let proxy = Proxy::start(settings).await;
    let still = send(&proxy.client, "k").await.expect_problem(504, "unknown", false);
    assert_eq!((replayed(&still), resend.mail_count()), (false, before + 1), "it asks once more: {still}");
    resend.answers(200, r#"{"id": "resend-id-1"}"#);
    let receipt = send(&proxy.client, "k").await.expect(200);
    assert_eq!((id(&receipt), replayed(&receipt)), (id(&first), false), "{receipt}");
    assert!(replayed(&send(&proxy.client, "k").await.expect(200)));
    let keys: std::collections::BTreeSet<_> =
        resend.mails().iter().map(|mail| mail.header("idempotency-key").unwrap_or_default().to_owned()).collect();
    assert_eq!(keys, [id(&first)].into(), "one mail for the provider");
}

async fn a_none_leaves_the_key_free(database: &Database) {
    let provider = StubProvider::sendgrid().await;
    provider.does(Reply::sendgrid_refuses(400, "no").into());
    let proxy = Proxy::start(settings(database, &provider)).await;
    let refused = send(&proxy.client, "k").await;
    assert_eq!(refused.at("/delivery"), "none", "{refused}");
    look(&proxy.client, &id(&refused)).await.expect_problem(404, "unknown", false);
    provider.does(Reply::sendgrid_accepts().into());
    drop(proxy);
    let proxy = Proxy::start(settings(database, &provider)).await;
    assert!(!replayed(&send(&proxy.client, "k").await.expect(200)));
}

/// In a partial acceptance, which names the recipients, and an unknown.
async fn no_address_is_in_the_database_in_clear(database: &Database) {
    let mandrill = StubProvider::sendgrid().await;
    let said = json!([
        {"email": "canary-b@example.net", "status": "rejected", "reject_reason": "hard-bounce", "_id": "canary-1"},
        {"email": "canary-c@example.net", "status": "sent", "reject_reason": null, "_id": "canary-2"},
    ]);
    mandrill.answers(200, &said.to_string());
    let settings = database.under(Settings::server().mandrill(&mandrill.url()).patient_circuits());
    let proxy = Proxy::start(without_outbox(settings)).await;
    let mail = mails::but("to", json!(["canary-b@example.net", "canary-c@example.net"]));
    let keyed = || proxy.client.send_with(&mail, &[("idempotency-key", "canary-key")]);
    let first = keyed().await.expect(200);
    let repeat = keyed().await.expect(200);
    assert_eq!((repeat.at("/recipients"), replayed(&repeat)), (first.at("/recipients"), true), "{repeat}");
    mandrill.does(Behaviour::Close);
    proxy.client.send(&mail).await.expect_problem(504, "unknown", false);
    let found = match database {
        Database::Sqlite(directory) => in_files(directory.path()),
        Database::Postgres(server, name) => {
            let rows = "select a::text || ' ' || coalesce(encode(sealed, 'escape'), '') from smsp_answer a";
            server.sql(name, rows).await
        }
    };
    assert!(found.iter().any(|text| !text.is_empty()), "nothing was looked at");
    for text in found {
        assert!(!text.contains("canary"), "{text}");
    }
}

fn in_files(directory: &Path) -> Vec<String> {
    let files =
        std::fs::read_dir(directory).expect("the directory of the store").map(|file| file.expect("a file").path());
    files.map(|path| String::from_utf8_lossy(&std::fs::read(path).expect("a file")).into_owned()).collect()
}

//! An operator says what became of a mail that is `unknown`.

use serde_json::json;

use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{Counts, becomes, hand_overs, queued};
use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, admin, mails};

on_both_stores! { an_unknown_mail_ends_once_its_provider_has_it_and_is_sent_again_once_it_does_not }

async fn settle(proxy: &Proxy, id: &str, r#as: &str) -> String {
    let path = format!("/outbox/{id}/settle");
    let order = json!({"as": r#as});
    let answer = admin::call(proxy.ops, reqwest::Method::POST, &path, &[], Some(&order)).await.expect(200);
    assert_eq!(answer.json["id"], id, "{answer}");
    answer.json["status"].as_str().unwrap_or_default().to_owned()
}

async fn an_unknown_mail_ends_once_its_provider_has_it_and_is_sent_again_once_it_does_not(database: &Database) {
    let provider = StubProvider::sendgrid().await;
    provider.does(Behaviour::Close);
    let settings = Settings::server().sendgrid(&provider.url()).patient_circuits();
    let proxy = Proxy::start(database.under(settings)).await;
    let counts = async || {
        let counts = Counts::of(&proxy.client).await;
        (counts.status("unknown"), counts.status("accepted"), counts.all())
    };
    let (found, missing) = (queued(&proxy.client, &mails::plain()).await, queued(&proxy.client, &mails::plain()).await);
    for id in [&found, &missing] {
        becomes(&proxy.client, id, "unknown").await;
    }
    assert_eq!(counts().await, (2, 0, 2));
    assert_eq!(settle(&proxy, &found, "accepted").await, "accepted");
    let ended = becomes(&proxy.client, &found, "accepted").await;
    assert_eq!(hand_overs(&ended), ["sg:unknown"], "{ended}");
    assert_eq!(counts().await, (1, 1, 2));
    provider.does(Reply::sendgrid_accepts().into());
    assert_eq!(settle(&proxy, &missing, "none").await, "queued");
    let sent = becomes(&proxy.client, &missing, "accepted").await;
    assert_eq!(hand_overs(&sent), ["sg:unknown", "sg:accepted"], "{sent}");
    assert_ne!(sent.json["possible_duplicate"], true, "the provider did not have it: {sent}");
    assert_eq!(counts().await, (0, 2, 2));
    assert_eq!(provider.mails().len(), 3);
}

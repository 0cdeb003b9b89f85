//! `GET /email/{id}`, on either store.

use serde_json::json;

use super::{id, known, look, send, settings, without_outbox};
use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{pause, queued};
use crate::harness::stub_relay::StubRelay;
use crate::harness::wait::when;
use crate::harness::{Behaviour, Client, Gate, Proxy, Settings, StubProvider, eventually, mails};

on_both_stores! {
    a_late_verdict_on_a_mail_without_a_key_is_shown,
    an_unknown_without_a_key_is_shown_and_an_accepted_one_is_not,
    a_mail_is_shown_to_its_caller_alone,
    a_mail_of_the_outbox_is_shown,
}

async fn an_unknown_without_a_key_is_shown_and_an_accepted_one_is_not(database: &Database) {
    let provider = StubProvider::sendgrid().await;
    let proxy = Proxy::start(settings(database, &provider)).await;
    let accepted = proxy.client.send(&mails::plain()).await.expect(200);
    look(&proxy.client, &id(&accepted)).await.expect_problem(404, "unknown", false);
    provider.does(Behaviour::Close);
    let unknown = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    drop(proxy);
    let proxy = Proxy::start(settings(database, &provider)).await;
    let shown = look(&proxy.client, &id(&unknown)).await.expect(200);
    assert_eq!((known(&shown), shown.attempts()), ((&json!("unknown"), &json!("sg")), unknown.attempts()), "{shown}");
}

async fn a_late_verdict_on_a_mail_without_a_key_is_shown(database: &Database) {
    let gate = Gate::shut();
    let relay = StubRelay::behind(gate.clone()).await;
    let settings = crate::smtp::relay(&relay.port()).with("SMSP_ATTEMPT_TIMEOUT", "500ms");
    let proxy = Proxy::start(without_outbox(database.under(settings))).await;
    let unknown = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    let shown = look(&proxy.client, &id(&unknown)).await.expect(200);
    assert_eq!(known(&shown), (&json!("unknown"), &json!("smtp")), "{shown}");
    gate.open();
    let shown = eventually("the relay has taken it", async || {
        let shown = look(&proxy.client, &id(&unknown)).await.expect(200);
        when(known(&shown).0 == "accepted", || shown.to_string()).map(|()| shown)
    })
    .await;
    assert_eq!((known(&shown), shown.attempts()), ((&json!("accepted"), &json!("smtp")), vec!["smtp:accepted".into()]));
}

async fn a_mail_is_shown_to_its_caller_alone(database: &Database) {
    let provider = StubProvider::sendgrid().await;
    let settings = settings(database, &provider).with("SMSP_API_KEYS", "shop:shop-key-of-this-test");
    let proxy = Proxy::start(settings).await;
    let shop = Client::new(&format!("http://{}", proxy.api), "shop-key-of-this-test");
    let sent = id(&send(&proxy.client, "k").await.expect(200));
    look(&proxy.client, &sent).await.expect(200);
    let mut others = Vec::new();
    for id in [sent.as_str(), "01a21648-c217-7484-8bb9-6404cd0bad53", "x", "..%2fhealthcheck"] {
        let mut answer = look(&shop, id).await.expect_problem(404, "unknown", false);
        answer.json["request_id"] = json!(null);
        others.push(answer.json);
    }
    assert!(others.iter().all(|other| *other == others[0]), "{others:?}");
    // Its own mail under the same key is another one.
    send(&shop, "k").await.expect(200);
    assert_eq!(provider.mail_count(), 2);
}

async fn a_mail_of_the_outbox_is_shown(database: &Database) {
    let proxy = Proxy::start(database.under(Settings::mock())).await;
    pause(&proxy, true).await;
    let id = queued(&proxy.client, &mails::plain()).await;
    let shown = look(&proxy.client, &id).await.expect(200);
    assert_eq!((known(&shown), shown.at("/attempts")), ((&json!("queued"), &json!(null)), &json!([])), "{shown}");
    pause(&proxy, false).await;
    crate::harness::outbox::becomes(&proxy.client, &id, "accepted").await;
    let shown = look(&proxy.client, &id).await.expect(200);
    assert_eq!((known(&shown), shown.attempts()), ((&json!("accepted"), &json!("mock")), vec!["mock:accepted".into()]));
}

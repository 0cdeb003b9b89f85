//! Resend takes a mail once under its key, so an unknown there is asked about once more, with the same key.

use serde_json::Value;

use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, mails};

/// Answers the first call like this, and accepts from then on.
fn first(behaviour: Behaviour) -> impl FnMut(&crate::harness::stub_provider::Request) -> Behaviour + Send {
    let mut first = Some(behaviour);
    move |_| first.take().unwrap_or_else(|| Reply::new(200, r#"{"id": "resend-id-1"}"#).into())
}

async fn before_resend_and_sendgrid(resend: &StubProvider, sendgrid: &StubProvider) -> Proxy {
    let settings = Settings::server().resend(&resend.url()).sendgrid(&sendgrid.url());
    Proxy::start(settings.with("SMSP_PROVIDERS", "rs,sg").with("SMSP_RS_ATTEMPT_TIMEOUT", "500ms")).await
}

#[tokio::test]
async fn unknown_at_resend_is_resolved_by_repeating_under_the_same_key() {
    for behaviour in [Behaviour::Stall, Behaviour::Reset, Behaviour::Close, Reply::new(500, "").into()] {
        let (resend, sendgrid) = (StubProvider::sendgrid().await, StubProvider::sendgrid().await);
        resend.follows(first(behaviour));
        let proxy = before_resend_and_sendgrid(&resend, &sendgrid).await;
        let receipt = proxy.client.send(&mails::plain()).await.expect(200);
        assert_eq!(receipt.attempts(), ["rs:unknown", "rs:accepted"], "{receipt}");
        assert_eq!(receipt.at("/possible_duplicate"), &Value::Null, "{receipt}");
        let mails = resend.mails();
        let keys: Vec<_> = mails.iter().map(|mail| mail.header("idempotency-key")).collect();
        assert_eq!(keys, [receipt.json["id"].as_str(); 2], "the repeat carries the same key");
        assert_eq!(mails[0].text(), mails[1].text(), "and the same mail");
        assert!(sendgrid.mails().is_empty());
    }
}

#[tokio::test]
async fn unresolved_unknown_at_resend_goes_to_no_other_provider() {
    let (resend, sendgrid) = (StubProvider::sendgrid().await, StubProvider::sendgrid().await);
    resend.answers(409, r#"{"statusCode": 409, "name": "concurrent_idempotent_requests", "message": "wait"}"#);
    let proxy = before_resend_and_sendgrid(&resend, &sendgrid).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    assert_eq!(answer.attempts(), ["rs:unknown", "rs:unknown"], "{answer}");
    assert!(sendgrid.mails().is_empty());
}

#[tokio::test]
async fn a_repeat_of_a_call_carries_the_same_key_to_the_provider() {
    let resend = StubProvider::sendgrid().await;
    resend.answers(200, r#"{"id": "resend-id-1"}"#);
    let node = async || Proxy::start(Settings::server().resend(&resend.url())).await;
    // A node that has the answer would not ask again.
    let nodes = [node().await, node().await];
    for node in &nodes {
        node.client.post_raw(mails::plain().to_string(), &[("idempotency-key", "order-17")]).await.expect(200);
    }
    nodes[0].client.send(&mails::plain()).await.expect(200);
    let keys: Vec<_> =
        resend.mails().iter().map(|mail| mail.header("idempotency-key").unwrap_or_default().to_owned()).collect();
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2], "without a key of the caller's it is another mail");
}

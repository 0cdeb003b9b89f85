//! A provider that takes a mail for some recipients only: the receipt says so for each of them.

use serde_json::json;

use crate::harness::{Proxy, Settings, StubProvider, mails};

#[tokio::test]
async fn partial_acceptance_is_reported_per_recipient_and_not_retried() {
    let (mandrill, sendgrid) = (StubProvider::sendgrid().await, StubProvider::sendgrid().await);
    let said = json!([
        {"email": "b@example.net", "status": "rejected", "reject_reason": "hard-bounce", "_id": "m1"},
        {"email": "c@example.net", "status": "sent", "reject_reason": null, "_id": "m2"},
        {"email": "d@example.net", "status": "invalid"},
    ]);
    mandrill.answers(200, &said.to_string());
    let settings = Settings::server().mandrill(&mandrill.url()).sendgrid(&sendgrid.url());
    let proxy = Proxy::start(settings.with("SMSP_PROVIDERS", "md,sg").with("SMSP_FAILOVER", "always")).await;
    let mail = mails::but("to", json!(["b@example.net", "c@example.net", "d@example.net"]));
    let receipt = proxy.client.send(&mail).await.expect(200).expect_attempts(&["md:accepted"]);
    let expected = json!([
        {"email": "b@example.net", "outcome": "message_rejected", "reason": "suppressed", "retryable": false},
        {"email": "c@example.net", "outcome": "accepted", "reason": "http_200", "retryable": false},
        {"email": "d@example.net", "outcome": "message_rejected", "reason": "refused_in_body", "retryable": false},
    ]);
    assert_eq!(
        (&receipt.json["recipients"], &receipt.json["provider_message_id"], &receipt.json["partial"]),
        (&expected, &json!("m2"), &json!(true)),
        "{receipt}"
    );
    mandrill.only_mail();
    assert!(sendgrid.mails().is_empty());
    for line in proxy.logs() {
        assert!(!line.to_string().contains("example.net"), "an address in the log: {line}");
    }
}

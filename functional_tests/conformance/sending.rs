//! One mail goes in: in the words of 2026, in the original's words, and by the original's curl call.

use std::process::Command;

use serde_json::json;

use crate::harness::wait::PATIENCE;
use crate::harness::{Client, Process, Target, mails, skip};

/// Word for word from the original's README.
const ORIGINAL_CALL: &str = r#"curl -i -H "X-API-KEY: {key}" -H "Content-Type: application/json" -X POST -d '{"fromaddress":"an@email.com","plaintextbody":"test_body","subject":"test","toaddress":"another@email.com"}' http://localhost:8080/email"#;

#[tokio::test]
async fn an_accepted_mail_is_answered_with_a_receipt() {
    let target = Target::shared().await;
    let receipt = target.client.send(&mails::plain()).await.expect(200);
    assert_eq!(receipt.header("content-type"), Some("application/json"), "{receipt}");
    assert!(receipt.json["id"].as_str().is_some_and(|id| id.len() == 36), "a UUID in {receipt}");
    assert_eq!(receipt.json["delivery"], "accepted", "one field decides, in {receipt}");
    assert!(receipt.json.get("provider_message_id").is_some(), "present, even when null, in {receipt}");
    let last = receipt.at("/attempts").as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
    assert_eq!((&last["provider"], &last["outcome"]), (&receipt.json["provider"], &json!("accepted")), "{receipt}");
    assert!(last["duration_ms"].is_u64() && last["reason"].is_string(), "{receipt}");
}

#[tokio::test]
async fn every_mail_gets_an_id_of_its_own() {
    let target = Target::shared().await;
    let first = target.client.send(&mails::plain()).await.expect(200);
    let second = target.client.send(&mails::plain()).await.expect(200);
    assert_ne!(first.json["id"], second.json["id"]);
}

#[tokio::test]
async fn the_original_s_four_names_are_taken() {
    let target = Target::shared().await;
    let mail = json!({
        "fromaddress": "an@email.com", "toaddress": "another@email.com", "subject": "test", "plaintextbody": "test_body"
    });
    target.client.send(&mail).await.expect(200);
}

#[tokio::test]
async fn from_and_to_are_enough() {
    let target = Target::shared().await;
    target.client.send(&json!({"from": "sender@example.com", "to": "receiver@example.net"})).await.expect(200);
}

#[tokio::test]
async fn every_form_of_a_mailbox_and_of_a_list_is_taken() {
    let target = Target::shared().await;
    for to in [
        json!("a@example.net"),
        json!("Ann <a@example.net>"),
        json!(r#""Doe, Ann" <a@example.net>"#),
        json!("a@example.net, b@example.net; Carl <c@example.net>"),
        json!(["a@example.net", "Bea <b@example.net>", {"email": "c@example.net", "name": "Zoë"}]),
    ] {
        target.client.send(&mails::but("to", to)).await.expect(200);
    }
    for from in [
        json!("Ann <a@example.com>"),
        json!({"email": "a@example.com", "name": "Ann"}),
        json!({"email": "a@example.com"}),
    ] {
        target.client.send(&mails::but("from", from)).await.expect(200);
    }
}

#[tokio::test]
async fn fifty_recipients_are_taken() {
    let target = Target::shared().await;
    let addresses = |prefix: &str, count| (0..count).map(|n| format!("{prefix}{n}@example.net")).collect::<Vec<_>>();
    let mut mail = mails::but("to", json!(addresses("to", 20)));
    mail["cc"] = json!(addresses("cc", 20));
    mail["bcc"] = json!(addresses("bcc", 10));
    target.client.send(&mail).await.expect(200);
}

#[tokio::test]
async fn the_original_s_curl_call_works_word_for_word() {
    if Command::new("curl").arg("--version").output().is_err() {
        return skip("there is no curl on this machine");
    }
    let target = Target::shared().await;
    let mut shell = Command::new("sh");
    shell.args(["-c", &addressed(ORIGINAL_CALL, &target.client)]).env("NO_PROXY", "*");
    let output = Process::start(shell).output(PATIENCE).await;
    assert!(output.stdout.starts_with("HTTP/1.1 200 OK"), "{output:?}");
}

fn addressed(call: &str, client: &Client) -> String {
    call.replace("{key}", client.key()).replace("http://localhost:8080/email", &client.url("/email"))
}

//! How much one call may bring: a body too large is refused before anybody reads it or asks for a key.

use serde_json::json;

use crate::harness::raw::{Raw, head};
use crate::harness::settings::API_KEY;
use crate::harness::{Proxy, Settings, StubProvider, mails};

/// A mail of exactly this many bytes.
fn mail_of(bytes: usize) -> String {
    let empty = mails::but("text", json!("")).to_string();
    mails::but("text", json!("x".repeat(bytes - empty.len()))).to_string()
}

async fn with_one_kibibyte() -> Proxy {
    Proxy::start(Settings::mock().with("SMSP_MAX_BODY", "1KiB")).await
}

#[tokio::test]
async fn an_announced_body_that_is_too_large_is_413_without_a_key_and_unread() {
    let proxy = Proxy::start(Settings::mock()).await;
    let mut raw = Raw::connect(proxy.api).await;
    raw.write(&head(&["content-length: 30000000"])).await;
    let answer = raw.read_until("\"delivery\":\"none\"").await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
}

#[tokio::test]
async fn an_unannounced_body_that_grows_too_large_is_413() {
    let proxy = with_one_kibibyte().await;
    let mut raw = Raw::connect(proxy.api).await;
    raw.write(&head(&["transfer-encoding: chunked", &format!("x-api-key: {API_KEY}")])).await;
    raw.write(&format!("800\r\n{}\r\n", "x".repeat(0x800))).await;
    let answer = raw.read_until("\"delivery\":\"none\"").await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_body_of_the_very_limit_is_taken_and_one_byte_more_is_not() {
    let proxy = with_one_kibibyte().await;
    proxy.client.post_raw(mail_of(1024), &[]).await.expect(200);
    proxy.client.post_raw(mail_of(1025), &[]).await.expect_problem(413, "none", false);
}

#[tokio::test]
async fn an_answer_before_the_whole_body_ends_its_connection_and_says_so() {
    let proxy = with_one_kibibyte().await;
    for _ in 0..20 {
        let refused = proxy.client.post_raw(mail_of(300_000), &[]).await.expect_problem(413, "none", false);
        assert_eq!(refused.header("connection"), Some("close"), "{refused}");
        proxy.client.send(&mails::plain()).await.expect(200);
    }
}

#[tokio::test]
async fn a_small_call_that_is_refused_keeps_its_connection() {
    let proxy = Proxy::start(Settings::mock()).await;
    for _ in 0..20 {
        let refused = proxy.client.post_raw(mails::plain().to_string(), &[("x-api-key", "wrong")]).await.expect(401);
        assert_eq!(refused.header("connection"), None, "{refused}");
    }
}

#[tokio::test]
async fn the_limit_of_recipients_is_a_setting() {
    let proxy = Proxy::start(Settings::mock().with("SMSP_MAX_RECIPIENTS", "2")).await;
    let mut mail = mails::but("to", json!(["a@example.net", "b@example.net"]));
    proxy.client.send(&mail).await.expect(200);
    mail["bcc"] = json!("c@example.net");
    proxy.client.send(&mail).await.expect_problem(422, "none", false);
}

#[tokio::test]
async fn the_limits_of_attachments_and_headers_are_settings() {
    let proxy = Proxy::start(Settings::mock().with("SMSP_MAX_ATTACHMENTS", "21").with("SMSP_MAX_HEADERS", "31")).await;
    let file = json!({"filename": "a.txt", "content_type": "text/plain", "content": "aGk="});
    let headers = |count: usize| (0..count).map(|n| (format!("X-{n}"), json!("v"))).collect::<serde_json::Map<_, _>>();
    for (field, most, one_more) in [
        ("attachments", json!(vec![&file; 21]), json!(vec![&file; 22])),
        ("headers", json!(headers(31)), json!(headers(32))),
    ] {
        proxy.client.send(&mails::but(field, most)).await.expect(200);
        let answer = proxy.client.send(&mails::but(field, one_more)).await.expect_problem(422, "none", false);
        assert_eq!(answer.fields(), [field], "{answer}");
    }
}

#[tokio::test]
async fn a_large_mail_arrives_whole() {
    let mailgun = StubProvider::mailgun().await;
    let proxy = Proxy::before(&mailgun).await;
    let text = "0123456789abcde\n".repeat(320 * 1024);
    proxy.client.send(&mails::but("text", json!(text))).await.expect(200);
    assert!(mailgun.only_mail().parts("text") == [text], "the text differs");
}

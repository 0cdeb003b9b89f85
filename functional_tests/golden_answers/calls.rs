//! What is wrong with a call, be the mail as it may.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::normalized::{HEALTHCHECK, SEND, shown};
use crate::harness::raw::{Raw, head};
use crate::harness::settings::API_KEY;
use crate::harness::{Answer, Client, Proxy, Settings, mails};

pub(super) async fn all() -> Vec<Value> {
    let settings = Settings::mock().with("SMSP_MAX_BODY", "1KiB").with("SMSP_API_KEYS", "shop:shop-key");
    let settings = settings.with("SMSP_CALLER_SHOP_RATE", "1/h").with("SMSP_CALLER_SHOP_FROM_DOMAINS", "shop.example");
    let proxy = Proxy::start(settings).await;
    let client = &proxy.client;
    [malformed(client).await, not_taken(client).await, of_a_caller(client).await, vec![slow().await]].concat()
}

async fn malformed(client: &Client) -> Vec<Value> {
    let (mail, key) = (mails::plain(), [("x-api-key", client.key())]);
    vec![
        shown(SEND, "Not JSON", &client.post_raw("hello", &[]).await),
        shown(SEND, "A query parameter", &client.post_bare("/email?dryrun=true", &mail, &key).await),
        shown(SEND, "A header that cannot be read", &client.send_with(&mail, &[("x-smsp-failover", "always")]).await),
        shown("GET /nowhere", "No such path", &client.get("/nowhere").await),
        shown("GET /email", "No such method", &client.get("/email").await),
    ]
}

async fn not_taken(client: &Client) -> Vec<Value> {
    let bad = json!({"from": "nobody", "to": ["a@-b.org"], "subject": "a\nb", "bogus": 1});
    let keyed = |text| mails::with_subject(text);
    let key = [("idempotency-key", "order-17")];
    client.send_with(&keyed("first"), &key).await.expect(200);
    let (large, encoded) = ("x".repeat(2000), [("content-encoding", "gzip")]);
    let health = || client.request(Method::GET, "/healthcheck");
    vec![
        shown(SEND, "Too large", &client.post_raw(large.clone(), &[]).await),
        shown(SEND, "Another content type", &client.post_raw("{}", &[("content-type", "text/plain")]).await),
        shown(SEND, "Encoded", &client.post_raw("{}", &encoded).await),
        shown(SEND, "Four invalid fields", &client.send(&bad).await),
        shown(SEND, "A key of another message", &client.send_with(&keyed("second"), &key).await),
        shown(HEALTHCHECK, "Serving", &client.healthcheck().await),
        shown(HEALTHCHECK, "Too large", &Answer::to(health().body(large)).await),
        shown(HEALTHCHECK, "Encoded", &Answer::to(health().header("content-encoding", "gzip").body("{}")).await),
    ]
}

async fn of_a_caller(client: &Client) -> Vec<Value> {
    let shop = [("x-api-key", "shop-key")];
    let mail = mails::plain();
    vec![
        shown(SEND, "No key", &client.post_bare("/email", &mail, &[]).await),
        shown(SEND, "A sender of somebody else", &client.post_bare("/email", &mail, &shop).await),
        shown(SEND, "Too many calls", &client.post_bare("/email", &mail, &shop).await),
    ]
}

async fn slow() -> Value {
    let proxy = Proxy::start(Settings::mock().with("SMSP_BODY_TIMEOUT", "300ms")).await;
    let mut raw = Raw::connect(proxy.api).await;
    raw.write(&head(&["content-length: 1000", &format!("x-api-key: {API_KEY}")])).await;
    raw.write("{").await;
    let answer = raw.read_to_end().await;
    let (head, text) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    assert!(head.starts_with("HTTP/1.1 408 "), "{answer}");
    let json = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e} in {answer}"));
    shown(SEND, "Too slow", &Answer { status: 408, headers: HeaderMap::new(), text: text.to_owned(), json })
}

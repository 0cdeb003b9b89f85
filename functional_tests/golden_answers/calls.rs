//! What is wrong with a call, be the mail as it may.

use std::net::SocketAddr;

use reqwest::Method;
use serde_json::{Value, json};

use super::normalized::{HEALTHCHECK, SEND, shown};
use crate::harness::raw::{Raw, head};
use crate::harness::settings::API_KEY;
use crate::harness::{Answer, Client, Proxy, Settings, mails};

pub(super) async fn all() -> Vec<Value> {
    let settings = Settings::mock().with("SMSP_API_KEYS", "shop:shop-key");
    let settings = settings.with("SMSP_CALLER_SHOP_RATE", "1/h").with("SMSP_CALLER_SHOP_FROM_DOMAINS", "shop.example");
    let proxy = Proxy::start(settings).await;
    let client = &proxy.client;
    [
        malformed(client).await,
        not_taken(client).await,
        large(proxy.api).await,
        of_a_caller(client).await,
        vec![slow(proxy.api).await],
    ]
    .concat()
}

async fn malformed(client: &Client) -> Vec<Value> {
    let (mail, key) = (mails::plain(), [("x-api-key", client.key())]);
    vec![
        shown(SEND, "Not JSON", &client.post_raw("hello", &[]).await),
        shown(SEND, "A query parameter", &client.post_bare("/email?dryrun=true", &mail, &key).await),
        shown(SEND, "A header with a wrong value", &client.send_with(&mail, &[("x-smsp-failover", "always")]).await),
        shown("GET /nowhere", "No such path", &client.get("/nowhere").await),
        shown("GET /email", "No such method", &client.get("/email").await),
    ]
}

async fn not_taken(client: &Client) -> Vec<Value> {
    let bad = json!({"from": "nobody", "to": ["a@-b.org"], "subject": "a\nb", "bogus": 1});
    let keyed = |text| mails::with_subject(text);
    let key = [("idempotency-key", "order-17")];
    client.send_with(&keyed("first"), &key).await.expect(200);
    let encoded = [("content-encoding", "gzip")];
    let health = || client.request(Method::GET, "/healthcheck");
    vec![
        shown(SEND, "Another content type", &client.post_raw("{}", &[("content-type", "text/plain")]).await),
        shown(SEND, "A compressed body", &client.post_raw("{}", &encoded).await),
        shown(SEND, "Four invalid fields", &client.send(&bad).await),
        shown(SEND, "A key that names another message", &client.send_with(&keyed("second"), &key).await),
        shown(HEALTHCHECK, "Serving", &client.healthcheck().await),
        shown(
            HEALTHCHECK,
            "A compressed body",
            &Answer::to(health().header("content-encoding", "gzip").body("{}")).await,
        ),
    ]
}

async fn of_a_caller(client: &Client) -> Vec<Value> {
    let shop = [("x-api-key", "shop-key")];
    let mail = mails::plain();
    vec![
        shown(SEND, "No key", &client.post_bare("/email", &mail, &[]).await),
        shown(SEND, "A domain of another caller", &client.post_bare("/email", &mail, &shop).await),
        shown(SEND, "Over the rate of the key", &client.post_bare("/email", &mail, &shop).await),
    ]
}

/// More than the default limit, by what the head announces.
async fn large(api: SocketAddr) -> Vec<Value> {
    let mut all = Vec::new();
    for name in [SEND, HEALTHCHECK] {
        let mut raw = Raw::connect(api).await;
        raw.write(&format!("{name} HTTP/1.1\r\nhost: smsp\r\ncontent-length: {}\r\n\r\n", 26 * 1024 * 1024 + 1)).await;
        all.push(shown(name, "Too large", &Answer::parse(&raw.read_to_end().await).expect(413)));
    }
    all
}

async fn slow(api: SocketAddr) -> Value {
    let mut raw = Raw::connect(api).await;
    raw.write(&head(&["content-length: 1000", &format!("x-api-key: {API_KEY}")])).await;
    raw.write("{").await;
    shown(SEND, "A body that does not come", &Answer::parse(&raw.read_to_end().await).expect(408))
}

//! What is told of a mail that is only asked about.

use reqwest::Method;
use serde_json::{Value, json};

use super::normalized::shown;
use crate::harness::raw::Raw;
use crate::harness::settings::API_KEY;
use crate::harness::wait::when;
use crate::harness::{Answer, Client, Proxy, RefusingPort, Settings, StubProvider, eventually, mails};

/// The call that explains a mail.
pub(super) const EXPLAIN: &str = "POST /route";

/// What all bodies together may have, in a node that is full.
const ROOM: &str = "32KiB";
/// More than half of it, and more than a small body.
pub(super) const BODY: usize = 20 * 1024;

pub(super) async fn all() -> Vec<Value> {
    let (settings, key) = (Settings::mock().with("SMSP_API_KEYS", "shop:shop-key"), [("x-api-key", "shop-key")]);
    let settings = settings.with("SMSP_CALLER_SHOP_RATE", "1/h").with("SMSP_CALLER_SHOP_FROM_DOMAINS", "shop.example");
    let proxy = Proxy::start(settings.with("SMSP_BODY_TIMEOUT", "1s")).await;
    let (client, mail) = (&proxy.client, mails::plain());
    vec![
        planned().await,
        shown(EXPLAIN, "Not JSON", &post(client, "hello", &[]).await),
        shown(EXPLAIN, "No key", &client.post_bare("/route", &mail, &[]).await),
        shown(EXPLAIN, "A domain of another caller", &client.post_bare("/route", &mail, &key).await),
        shown(EXPLAIN, "Over the rate of the key", &client.post_bare("/route", &mail, &key).await),
        slow(&proxy).await,
        large(&proxy).await,
        shown(EXPLAIN, "Another content type", &post(client, "{}", &[("content-type", "text/plain")]).await),
        shown(EXPLAIN, "A compressed body", &post(client, "{}", &[("content-encoding", "gzip")]).await),
        shown(EXPLAIN, "Invalid fields", &client.explain(&json!({"from": "nobody", "bogus": 1}), &[]).await),
        no_room().await,
    ]
}

async fn post(client: &Client, body: &str, headers: &[(&str, &str)]) -> Answer {
    client.post_to("/route", body.to_owned(), headers).await
}

/// A rule prefers Mailgun, which is out of reach; Brevo takes one address for answers.
async fn planned() -> Value {
    let (nobody, sendgrid) = (RefusingPort::reserve(), StubProvider::sendgrid().await);
    let settings = Settings::mailgun_then_sendgrid(&nobody.url(), &sendgrid.url()).one_failure_opens();
    let settings = settings.with("SMSP_PROVIDERS", "mg,sg,bv").with("SMSP_BV_API_KEY", "brevo-account-key");
    let settings = settings.with("SMSP_BV_BASE_URL", &nobody.url()).with("SMSP_ROUTES", "otp: tag=otp -> mg,sg");
    let proxy = Proxy::start(settings).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    let mut mail = mails::but("tags", json!(["otp"]));
    mail["reply_to"] = json!(["a@example.net", "b@example.net"]);
    shown(EXPLAIN, "One upstream is ready", &proxy.client.explain(&mail, &[]).await.expect(200))
}

async fn slow(proxy: &Proxy) -> Value {
    let mut raw = Raw::connect(proxy.api).await;
    let head = ["POST /route HTTP/1.1", "host: smsp", "content-type: application/json", "content-length: 100"];
    raw.write(&format!("{}\r\nx-api-key: {API_KEY}\r\n\r\n{{", head.join("\r\n"))).await;
    shown(EXPLAIN, "A body that does not come", &Answer::parse(&raw.read_to_end().await).expect(408))
}

async fn large(proxy: &Proxy) -> Value {
    let mut raw = Raw::connect(proxy.api).await;
    raw.write(&format!("{EXPLAIN} HTTP/1.1\r\nhost: smsp\r\ncontent-length: {}\r\n\r\n", 26 * 1024 * 1024 + 1)).await;
    shown(EXPLAIN, "Too large", &Answer::parse(&raw.read_to_end().await).expect(413))
}

/// A node whose room for bodies is more than half taken, and the client that holds it.
pub(super) async fn full() -> (Proxy, Raw) {
    let settings = Settings::mock().with("SMSP_MAX_BODY", ROOM).with("SMSP_MAX_IN_FLIGHT_BYTES", ROOM);
    let proxy = Proxy::start(settings).await;
    let mut raw = Raw::connect(proxy.api).await;
    let head = ["POST /email HTTP/1.1", "host: smsp", "content-type: application/json"];
    raw.write(&format!("{}\r\nx-api-key: {API_KEY}\r\ncontent-length: {}\r\n\r\n", head.join("\r\n"), BODY + 1)).await;
    raw.write(&" ".repeat(BODY)).await;
    eventually("the first body is held", async || {
        let metrics = proxy.client.metrics().await;
        when(metrics.count("smsp_in_flight_bytes", &[]) == BODY as u64, || metrics.page)
    })
    .await;
    (proxy, raw)
}

async fn no_room() -> Value {
    let (proxy, _held) = full().await;
    let request = proxy.client.request(Method::POST, "/route").header("x-api-key", API_KEY);
    let request = request.header("content-type", "application/json").body(" ".repeat(BODY));
    shown(EXPLAIN, "No room for the body", &Answer::to(request).await.expect(503))
}

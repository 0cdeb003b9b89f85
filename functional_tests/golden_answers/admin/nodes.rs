//! The nodes whose admin listeners answer, and what has happened to them.

use std::net::SocketAddr;

use serde_json::Value;

use super::calls::{client, request};
use super::shown::shown;
use crate::harness::raw::Raw;
use crate::harness::wait::when;
use crate::harness::{Answer, Proxy, RefusingPort, Reply, Settings, StubProvider, eventually, mails};

pub(super) const OPERATOR: &str = "key-of-ada";
pub(super) const VIEWER: &str = "key-of-the-wall";

/// More than are answered at once, and more than may wait beyond that.
const GUESSES: usize = 120;

/// Mailgun is out of reach, so its circuit has opened; SendGrid takes mail, but not of every sender.
pub(super) async fn with_an_outage() -> Proxy {
    let (mailgun, sendgrid) = (RefusingPort::reserve(), StubProvider::sendgrid().await);
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url()).one_failure_opens();
    let keys = format!("ada:operator:{OPERATOR},wall:viewer:{VIEWER}");
    let settings = settings.with("SMSP_ADMIN_KEYS", &keys).with("SMSP_CIRCUIT_WINDOW", "10m");
    let settings = settings.with("SMSP_API_KEYS", "shop:shop-key").with("SMSP_BODY_TIMEOUT", "1s");
    let settings = settings.with("SMSP_CALLER_SHOP_FROM_DOMAINS", "shop.example");
    let proxy = Proxy::start(settings).await;
    proxy.client.send(&mails::plain()).await.expect_attempts(&["mg:unavailable", "sg:accepted"]);
    sendgrid.does(Reply::sendgrid_refuses_the_sender().into());
    proxy.client.send(&mails::plain()).await.expect(503);
    proxy
}

pub(super) async fn without_keys() -> Proxy {
    Proxy::start(Settings::mailgun_then_sendgrid("http://127.0.0.1:9", "http://127.0.0.1:9")).await
}

pub(super) async fn leaving() -> Value {
    let proxy = Proxy::start(Settings::mock().with("SMSP_DRAIN_DELAY", "20s")).await;
    proxy.terminate();
    let answer = eventually("/readyz says that the node goes", async || {
        let answer = proxy.client.ops("/readyz").await;
        when(answer.status == 503, || answer.to_string()).map(|()| answer)
    });
    shown("GET /readyz", "This node is shutting down", &answer.await)
}

/// So many calls with wrong keys that one of them may not even wait for its answer.
pub(super) async fn throttled(admin: SocketAddr, name: &str) -> Answer {
    let http = client();
    let guesses = (0..GUESSES).map(|_| Answer::to(request(&http, admin, name).header("x-admin-key", "wrong")));
    let answers = futures_util::future::join_all(guesses).await;
    answers.into_iter().find(|answer| answer.status == 429).expect("one of many guesses is refused")
}

/// An order whose body does not come.
pub(super) async fn slow(admin: SocketAddr) -> Value {
    let mut raw = Raw::connect(admin).await;
    let head = ["PUT /circuits/mg HTTP/1.1", "host: smsp", "content-type: application/json", "content-length: 100"];
    raw.write(&format!("{}\r\nx-admin-key: {OPERATOR}\r\n\r\n{{", head.join("\r\n"))).await;
    shown("PUT /circuits/{name}", "A body that does not come", &Answer::parse(&raw.read_to_end().await).expect(408))
}

/// A mail to be explained whose body does not come.
pub(super) async fn slow_mail(admin: SocketAddr) -> Value {
    let mut raw = Raw::connect(admin).await;
    let head = ["POST /route?caller=caller HTTP/1.1", "host: smsp", "content-type: application/json"];
    raw.write(&format!("{}\r\ncontent-length: 100\r\nx-admin-key: {OPERATOR}\r\n\r\n{{", head.join("\r\n"))).await;
    shown("POST /route", "A body that does not come", &Answer::parse(&raw.read_to_end().await).expect(408))
}

/// A call whose head announces so many bytes.
pub(super) async fn announced(admin: SocketAddr, name: &str, bytes: usize) -> Answer {
    let mut raw = Raw::connect(admin).await;
    raw.write(&format!("{name} HTTP/1.1\r\nhost: smsp\r\ncontent-length: {bytes}\r\n\r\n")).await;
    Answer::parse(&raw.read_to_end().await)
}

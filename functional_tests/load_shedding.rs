//! Too much at once: what finds no room is turned away at once and truthfully, and what was admitted is served.

use futures_util::future::join_all;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::harness::raw::{Raw, head};
use crate::harness::settings::API_KEY;
use crate::harness::wait::when;
use crate::harness::{Answer, Behaviour, Gate, Proxy, Reply, Settings, StubProvider, eventually, mails};

/// A provider that holds its answers back.
async fn behind_a_gate() -> (StubProvider, Gate) {
    let (mailgun, gate) = (StubProvider::mailgun().await, Gate::shut());
    mailgun.does(Behaviour::AnswerBehind(gate.clone(), Reply::mailgun_accepts()));
    (mailgun, gate)
}

/// So many mails at once, which the provider has and does not answer.
async fn under_way(proxy: &Proxy, mailgun: &StubProvider, count: usize) -> JoinHandle<Vec<Answer>> {
    let client = proxy.client.clone();
    let mail = mails::plain();
    let sending = tokio::spawn(async move { join_all((0..count).map(|_| client.send(&mail))).await });
    mailgun.receives_mails(count).await;
    sending
}

async fn all_accepted(sending: JoinHandle<Vec<Answer>>) {
    for answer in sending.await.expect("the callers' task goes on") {
        answer.expect(200);
    }
}

#[tokio::test]
async fn mail_beyond_the_in_flight_limit_is_shed_and_health_checks_are_not() {
    let (mailgun, gate) = behind_a_gate().await;
    let proxy = Proxy::start(Settings::server().mailgun(&mailgun.url()).with("SMSP_MAX_IN_FLIGHT", "2")).await;
    let sending = under_way(&proxy, &mailgun, 2).await;
    let shed = proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    assert!((1..=5).contains(&shed.retry_after()), "{shed}");
    proxy.client.healthcheck().await.expect(200);
    let metrics = proxy.client.metrics().await;
    assert_eq!(metrics.count("smsp_shed_total", &[("reason", "in_flight")]), 1, "{}", metrics.page);
    assert_eq!(metrics.count("smsp_in_flight", &[]), 2, "{}", metrics.page);
    gate.open();
    all_accepted(sending).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    assert_eq!(mailgun.mails().len(), 3, "the one that was shed went nowhere");
    assert_eq!(proxy.client.metrics().await.count("smsp_in_flight", &[]), 0);
}

#[tokio::test]
async fn in_flight_permit_of_a_disconnected_caller_is_kept_until_the_provider_answers() {
    let (mailgun, gate) = behind_a_gate().await;
    let proxy = Proxy::start(Settings::server().mailgun(&mailgun.url()).with("SMSP_MAX_IN_FLIGHT", "1")).await;
    let sending = under_way(&proxy, &mailgun, 1).await;
    sending.abort();
    proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    gate.open();
    eventually("its place is free", async || {
        let metrics = proxy.client.metrics().await;
        when(metrics.count("smsp_in_flight", &[]) == 0, || metrics.page)
    })
    .await;
    proxy.client.send(&mails::plain()).await.expect(200);
}

#[tokio::test]
async fn large_bodies_share_a_byte_budget_and_small_ones_are_never_shed() {
    let settings = Settings::mock().with("SMSP_MAX_BODY", "1MiB").with("SMSP_MAX_IN_FLIGHT_BYTES", "1MiB");
    let proxy = Proxy::start(settings).await;
    let key = format!("x-api-key: {API_KEY}");
    // Announced, and not sent: it costs nothing yet.
    let mut announced = Raw::connect(proxy.api).await;
    announced.write(&head(&["content-length: 1000000", &key])).await;
    let mut stalled = Raw::connect(proxy.api).await;
    stalled.write(&head(&["content-length: 1000000", &key])).await;
    stalled.write(&"x".repeat(900_000)).await;
    eventually("its bytes are counted", async || {
        let metrics = proxy.client.metrics().await;
        when(metrics.count("smsp_in_flight_bytes", &[]) == 900_000, || metrics.page)
    })
    .await;
    let large = mails::but("text", json!("x".repeat(300_000)));
    let shed = proxy.client.send(&large).await.expect_problem(503, "none", true);
    assert!((1..=5).contains(&shed.retry_after()), "{shed}");
    proxy.client.send(&mails::but("text", json!("x".repeat(16_000)))).await.expect(200);
    drop(stalled);
    eventually("they are given back", async || {
        let metrics = proxy.client.metrics().await;
        when(metrics.count("smsp_in_flight_bytes", &[]) == 0, || metrics.page)
    })
    .await;
    proxy.client.send(&large).await.expect(200);
}

#[tokio::test]
async fn slow_provider_uses_only_its_own_concurrency() {
    let ((mailgun, gate), sendgrid) = (behind_a_gate().await, StubProvider::sendgrid().await);
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url()).with("SMSP_MG_CONCURRENCY", "2");
    let proxy = Proxy::start(settings).await;
    let sending = under_way(&proxy, &mailgun, 2).await;
    let answer = proxy.client.send(&mails::plain()).await.expect(200);
    let answer = answer.expect_attempts(&["mg:throttled", "sg:accepted"]);
    assert_eq!(answer.reasons()[0], "busy", "{answer}");
    assert_eq!(proxy.client.state("mg").await, "closed", "its provider is not to blame");
    gate.open();
    all_accepted(sending).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
}

#[tokio::test]
async fn every_upstream_at_its_concurrency_limit_is_503_none() {
    let (mailgun, gate) = behind_a_gate().await;
    let proxy = Proxy::start(Settings::server().mailgun(&mailgun.url()).with("SMSP_CONCURRENCY", "1")).await;
    let sending = under_way(&proxy, &mailgun, 1).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    assert_eq!(answer.retry_after(), 1, "{answer}");
    gate.open();
    all_accepted(sending).await;
}

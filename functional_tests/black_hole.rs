//! P-hole: a provider whose network swallows every packet costs a caller the connect timeout, and soon not even that.

use std::time::Duration;

use tokio::time::Instant;

use crate::harness::{BlackHole, Proxy, Settings, StubProvider, mails};

#[tokio::test]
async fn black_holed_provider_fails_no_mail_and_costs_nothing_once_its_circuit_is_open() {
    let (hole, sendgrid) = (BlackHole::open().await, StubProvider::sendgrid().await);
    let settings = Settings::mailgun_then_sendgrid(&hole.url(), &sendgrid.url());
    let proxy = Proxy::start(settings.with("SMSP_CONNECT_TIMEOUT", "300ms")).await;
    let start = Instant::now();
    let all = (0..20).map(|_| {
        let client = proxy.client.clone();
        tokio::spawn(async move { client.send(&mails::plain()).await.expect(200) })
    });
    for sending in all.collect::<Vec<_>>() {
        let answer = sending.await.expect("every mail is answered");
        assert_eq!(answer.attempts().last().map(String::as_str), Some("sg:accepted"), "{answer}");
    }
    assert_eq!(proxy.client.state("mg").await, "open");
    let opened = start.elapsed();
    // Far from what twenty time-outs in a row would take, and far from what a busy machine adds.
    assert!(opened < Duration::from_millis(300 + 2000), "open soon after the connect timeout: {opened:?}");
    let answer = proxy.client.send(&mails::plain()).await.expect(200);
    assert_eq!(answer.attempts(), ["sg:accepted"], "{answer}");
}

//! `SMSP_ROUTING=adaptive`: what fails gets less mail, although its circuit is closed.

use std::time::Duration;

use crate::harness::wait::{eventually_within, when};
use crate::harness::{Proxy, Settings, StubProvider, mails};

/// A share is at most halved within a second.
const LONG_ENOUGH: Duration = Duration::from_secs(60);

/// How many of twenty mails come first to this upstream.
async fn first_of_twenty(proxy: &Proxy, upstream: &str) -> usize {
    let mut first = 0;
    for _ in 0..20 {
        let receipt = proxy.client.send(&mails::plain()).await.expect(200);
        first += usize::from(receipt.attempts()[0].starts_with(&format!("{upstream}:")));
    }
    first
}

#[tokio::test]
async fn adaptive_routing_turns_away_from_what_fails_fast() {
    let [a, b] = [StubProvider::sendgrid().await, StubProvider::sendgrid().await];
    b.goes_down().await;
    let accounts = Settings::accounts(&[("a", &a.url()), ("b", &b.url())]);
    let proxy = Proxy::start(accounts.patient_circuits().with("SMSP_ROUTING", "adaptive")).await;
    eventually_within(LONG_ENOUGH, "what fails gets one mail of twenty at most", async || {
        let first = first_of_twenty(&proxy, "b").await;
        when(first <= 1, || format!("{first} of 20"))
    })
    .await;
    assert_eq!(proxy.client.state("b").await, "closed");
}

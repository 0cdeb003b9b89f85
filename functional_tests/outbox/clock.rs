//! A wall clock that jumps by a month while the node runs: no mail goes out early, and none expires.

use std::time::Duration;

use super::provider::Provider;
use crate::harness::fake_clock::FakeClock;
use crate::harness::outbox::{Store, becomes, queued, status, time_after};
use crate::harness::{Proxy, mails};

/// A mail with this time from now, as this machine tells it.
fn with(number: usize, field: &str, wait: Duration) -> serde_json::Value {
    let mut mail = mails::with_subject(&number.to_string());
    mail[field] = time_after(wait).into();
    mail
}

#[tokio::test]
async fn a_wall_clock_that_jumps_by_a_month_sends_nothing_early_and_lets_nothing_expire() {
    let Some(clock) = FakeClock::new() else { return };
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let provider = Provider::taking_after(Duration::ZERO);
    let settings = Store::sqlite(directory.path()).under(provider.settings());
    let proxy = Proxy::start(clock.shown_to(settings)).await;
    let client = &proxy.client;
    for (round, days) in [30, -30].into_iter().enumerate() {
        client.order("sg", &serde_json::json!({"override": "open"})).await.expect(200);
        let early = queued(client, &with(round, "send_at", Duration::from_secs(3600))).await;
        let waits = queued(client, &mails::with_subject(&(10 + round).to_string())).await;
        let short = queued(client, &with(20 + round, "expires_at", Duration::from_secs(1))).await;
        clock.jumps_by(days);
        FakeClock::is_shown_to(&proxy, days).await;
        // The sweep after the jump has been there once this one is gone.
        becomes(client, &short, "expired").await;
        assert_eq!([status(client, &early).await, status(client, &waits).await], ["queued", "queued"], "{days} days");
        client.order("sg", &serde_json::json!({"override": "closed"})).await.expect(200);
        becomes(client, &waits, "accepted").await;
        assert_eq!(status(client, &early).await, "queued", "{days} days");
        clock.jumps_by(0);
        FakeClock::is_shown_to(&proxy, 0).await;
    }
    assert_eq!(provider.taken(), [(10, 1), (11, 1)].into());
}

//! A wall clock that jumps while the node runs, or is wrong when mail comes: no mail goes out early, and none expires.

use std::time::Duration;

use super::provider::Provider;
use crate::harness::database::{Database, on_both_stores};
use crate::harness::fake_clock::FakeClock;
use crate::harness::outbox::{becomes, id, queue, queued, status, time_after};
use crate::harness::{Client, Proxy, mails};

/// A mail with this time from now, as this machine tells it.
fn with(number: usize, field: &str, wait: Duration) -> serde_json::Value {
    let mut mail = mails::with_subject(&number.to_string());
    mail[field] = time_after(wait).into();
    mail
}

on_both_stores! {
    a_wall_clock_that_jumps_by_a_month_sends_nothing_early_and_lets_nothing_expire,
    a_mail_that_is_accepted_while_the_wall_clock_is_wrong_is_sent_in_time_and_not_before,
}

async fn a_wall_clock_that_jumps_by_a_month_sends_nothing_early_and_lets_nothing_expire(database: &Database) {
    let Some(clock) = FakeClock::new() else { return };
    let provider = Provider::taking_after(Duration::ZERO);
    let proxy = Proxy::start(clock.shown_to(database.under(provider.settings()))).await;
    let client = &proxy.client;
    for (round, days) in [30, -30].into_iter().enumerate() {
        client.order("sg", &serde_json::json!({"override": "open"})).await.expect(200);
        let early = queued(client, &with(round, "send_at", Duration::from_secs(3600))).await;
        let waits = queued(client, &mails::with_subject(&(10 + round).to_string())).await;
        let short = queued_for_a_moment(client, 20 + round).await;
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

/// Accepts a mail whose end is near; further away, where the machine takes longer than that to accept it.
async fn queued_for_a_moment(client: &Client, number: usize) -> String {
    for seconds in [1, 3, 9] {
        let answer = queue(client, &with(number, "expires_at", Duration::from_secs(seconds))).await;
        if answer.status != 422 {
            return id(&answer.expect(202));
        }
    }
    panic!("no mail was accepted within nine seconds");
}

/// The store's own time says when a mail is due. A clock that is ahead takes a near end for one that has passed: then the
/// caller is told so, and nothing is accepted.
async fn a_mail_that_is_accepted_while_the_wall_clock_is_wrong_is_sent_in_time_and_not_before(database: &Database) {
    const HOUR: Duration = Duration::from_secs(3600);
    let Some(clock) = FakeClock::new() else { return };
    let provider = Provider::taking_after(Duration::ZERO);
    let proxy = Proxy::start(clock.shown_to(database.under(provider.settings()))).await;
    let client = &proxy.client;
    for (round, days) in [10, -10].into_iter().enumerate() {
        clock.jumps_by(days);
        FakeClock::is_shown_to(&proxy, days).await;
        let early = queued(client, &with(round, "send_at", HOUR)).await;
        let ends = queue(client, &with(10 + round, "expires_at", HOUR)).await;
        if days > 0 {
            assert_eq!(ends.expect_problem(422, "none", false).fields(), ["expires_at"]);
        } else {
            becomes(client, &id(&ends.expect(202)), "accepted").await;
        }
        // Accepted after the others, and sent at once: they would have been sent before it.
        let plain = queued(client, &mails::with_subject(&(20 + round).to_string())).await;
        becomes(client, &plain, "accepted").await;
        assert_eq!(status(client, &early).await, "queued", "{days} days");
        clock.jumps_by(0);
        FakeClock::is_shown_to(&proxy, 0).await;
        assert_eq!(status(client, &early).await, "queued", "{days} days, and back");
    }
    assert_eq!(provider.taken(), [(11, 1), (20, 1), (21, 1)].into());
}

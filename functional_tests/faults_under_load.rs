//! Providers fail under a steady load, one fault at a time: no caller is misled, and an open circuit is left alone.
//!
//! Every scenario ends with the ledger.

mod load;
mod fixture;

use std::time::Duration;

use tokio::time::Instant;

use crate::harness::{Behaviour, Reply};
use fixture::Fixture;

#[tokio::test]
async fn a_provider_that_refuses_connections_is_invisible() {
    let mut fixture = Fixture::new(&[]).await;
    fixture.goes_down(0).await;
    fixture.load(1000).await;
    fixture.providers[0].comes_up();
    fixture.heals(&["a"]).await;
    let ledger = fixture.ledger(true).await;
    ledger.check();
    assert_eq!(ledger.unknown(), 0, "a connection that was refused took nothing");
    let tried = ledger.sent.iter().filter(|sent| sent.answer.attempts()[0] == "a:unavailable").count();
    let trip = ledger.accounts[0].outages[0].opened;
    let under_way = ledger.sent.iter().filter(|sent| sent.is_under_way(trip)).count();
    assert!(tried <= 5 + under_way, "{tried} tried it, {under_way} were under way when it opened");
}

#[tokio::test]
async fn a_silent_provider_costs_unknowns_only_until_its_circuit_opens() {
    let mut fixture = Fixture::new(&[]).await;
    fixture.first().does(Behaviour::Stall);
    fixture.load(2000).await;
    fixture.first().does(Reply::sendgrid_accepts().into());
    fixture.heals(&["a"]).await;
    let ledger = fixture.ledger(true).await;
    ledger.check();
    assert!(ledger.unknown() >= 2, "{} unknown", ledger.unknown());
    assert_eq!(ledger.unknown_after_the_trip(), 0);
}

#[tokio::test]
async fn failure_rate_opens_the_circuit_of_a_provider_that_fails_every_other_time() {
    // Answers overtake each other, so that two in a row may fail.
    let mut fixture = Fixture::new(&[("SMSP_CIRCUIT_EARLY_FAILURES", "0")]).await;
    let mut count = 0;
    fixture.first().follows(move |_| {
        count += 1;
        if count % 2 == 1 { Reply::new(500, "").into() } else { Reply::sendgrid_accepts().into() }
    });
    fixture.load(1500).await;
    fixture.first().does(Reply::sendgrid_accepts().into());
    fixture.heals(&["a"]).await;
    let ledger = fixture.ledger(true).await;
    ledger.check();
    assert_eq!(ledger.accounts[0].outages[0].reason, "failure_rate");
    assert!(ledger.unknown() >= 5, "{} unknown", ledger.unknown());
    assert_eq!(ledger.unknown_after_the_trip(), 0);
}

#[tokio::test]
async fn a_provider_that_throttles_gets_nothing_before_the_time_it_states() {
    let mut fixture = Fixture::new(&[]).await;
    let mut since = None;
    fixture.first().follows(move |_| {
        let since = *since.get_or_insert_with(Instant::now);
        let throttled = Reply::sendgrid_refuses(429, "too many requests").with("retry-after", "2");
        if since.elapsed() < Duration::from_secs(2) { throttled.into() } else { Reply::sendgrid_accepts().into() }
    });
    fixture.load(2600).await;
    fixture.heals(&["a"]).await;
    let ledger = fixture.ledger(true).await;
    ledger.check();
    let account = &ledger.accounts[0];
    let stated = account.arrivals[0].at + Duration::from_secs(2);
    assert!(account.probes.iter().all(|probe| *probe >= stated), "a probe came early: {:?}", account.probes);
    assert_eq!((account.probes.len(), account.outages.len(), ledger.unknown()), (1, 1, 0));
    assert_eq!(account.outages[0].reason, "throttled");
}

#[tokio::test]
async fn slow_provider_opens_its_circuit_before_any_mail_is_refused() {
    // The others may be slow on a busy machine.
    let mut fixture = Fixture::new(&[("SMSP_A_CIRCUIT_SLOW_CALL", "200ms"), ("SMSP_ATTEMPT_TIMEOUT", "10s")]).await;
    fixture.first().does(Behaviour::AnswerAfter(Duration::from_millis(400), Reply::sendgrid_accepts()));
    fixture.load(1500).await;
    fixture.first().does(Reply::sendgrid_accepts().into());
    fixture.heals(&["a"]).await;
    let ledger = fixture.ledger(true).await;
    ledger.check();
    assert_eq!((ledger.accounts[0].outages[0].reason.as_str(), ledger.unknown()), ("slow_calls", 0));
}

#[tokio::test]
async fn a_flapping_provider_costs_at_most_what_was_under_way_when_it_went() {
    let mut fixture = Fixture::new(&[("SMSP_CIRCUIT_PROBES_TO_CLOSE", "1")]).await;
    // So that there is something under way.
    fixture.first().does(Behaviour::AnswerAfter(Duration::from_millis(30), Reply::sendgrid_accepts()));
    fixture.flaps(0, 4).await;
    fixture.heals(&["a"]).await;
    let ledger = fixture.ledger(true).await;
    ledger.check();
    let outages = &ledger.accounts[0].outages;
    assert!((1..=4).contains(&outages.len()), "no more than it had: {outages:?}");
    assert!((1..=24).contains(&ledger.unknown()), "{} unknown of {}", ledger.unknown(), ledger.sent.len());
}

#[tokio::test]
async fn while_all_are_down_every_caller_learns_that_nobody_has_the_mail_and_when_to_come_back() {
    let mut fixture = Fixture::new(&[]).await;
    for provider in 0..3 {
        fixture.goes_down(provider).await;
    }
    fixture.load(500).await;
    for sent in fixture.load(700).await {
        let (status, wait) = (sent.answer.status, sent.answer.retry_after());
        assert!(status == 503 && wait >= 1 && sent.answer.attempts().is_empty(), "{}", sent.answer);
    }
    fixture.proxy.client.healthcheck().await.expect(200);
    fixture.providers.iter().for_each(|provider| provider.comes_up());
    fixture.heals(&["a", "b", "c"]).await;
    let ledger = fixture.ledger(false).await;
    ledger.check();
    assert!(ledger.accounts.iter().all(|account| account.outages.len() == 1), "each opened once");
}

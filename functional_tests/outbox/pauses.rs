//! A node that is stopped for longer than a node may be silent, and goes on: what it had in hand is sent once, and its own
//! verdicts count. There is no second node here that could have taken over, and no node takes over from itself: what it had
//! marked stays its own, and never becomes `unknown`.

use std::time::Duration;

use super::books::{Books, repeat_unclear};
use super::load::Callers;
use super::provider::Provider;
use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::at_rest;
use crate::harness::wait::when;
use crate::harness::{Proxy, eventually, report};

/// More than a node may be silent for.
const SILENCE: Duration = Duration::from_secs(33);
const PAUSES: usize = 5;
const MAILS: usize = 40;
const POINT: Duration = Duration::from_millis(10);

on_both_stores! {
    #[ignore = "scripts/check --long runs it"]
    a_node_that_was_silent_for_too_long_sends_nothing_twice_and_loses_nothing,
}

async fn a_node_that_was_silent_for_too_long_sends_nothing_twice_and_loses_nothing(database: &Database) {
    let provider = Provider::taking_after(Duration::from_millis(5));
    let proxy = Proxy::start(database.under(provider.settings())).await;
    let (callers, mut posted) = (Callers::default(), Vec::new());
    for _ in 0..PAUSES {
        let calling = callers.call(proxy.api);
        let enough = provider.count() + fastrand::usize(..MAILS);
        eventually("mails arrive", async || when(provider.count() >= enough, || proxy.process.evidence())).await;
        tokio::time::sleep(POINT.mul_f64(fastrand::f64())).await;
        proxy.process.signal("STOP");
        // The fault itself is that time goes on.
        tokio::time::sleep(SILENCE).await;
        proxy.process.signal("CONT");
        posted.extend(calling.all().await);
    }
    repeat_unclear(&mut posted, proxy.api).await;
    let counts = at_rest(&proxy.client).await;
    let books = Books::close(&posted, &proxy.client, counts, provider.taken()).await;
    let violations = books.violations();
    let (mails, unknown) = (books.accepted.len(), books.counts.status("unknown"));
    report("R-pause", &format!("{PAUSES} stops of {SILENCE:?}; {mails} mails accepted, {unknown} unknown"));
    assert!(violations.is_empty(), "{violations:#?}");
    assert_eq!(unknown, 0, "its own verdicts bring clarity");
}

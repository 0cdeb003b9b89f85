//! `kill -9` at random points under load: every 202 is found, nothing is taken twice, and `unknown` is at most what was on its
//! way at each crash.

use std::time::Duration;

use super::books::{Books, repeat_unclear};
use super::load::{Callers, Posted};
use super::provider::Provider;
use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::at_rest;
use crate::harness::wait::when;
use crate::harness::{Proxy, eventually, report};

const SHORT: usize = 6;
const LONG: usize = 200;
/// So long does the provider take for a mail.
const WORK: Duration = Duration::from_millis(5);
/// Mails on their way at a time, at most.
const CONCURRENCY: u64 = 16;
/// A kill comes after so many more mails at the most, and then at any point of so much time.
const MAILS: usize = 40;
const POINT: Duration = Duration::from_millis(10);

on_both_stores! {
    after_each_kill_every_202_is_found_and_nothing_is_taken_twice,
    #[ignore = "scripts/check --long runs it"]
    after_two_hundred_kills_every_202_is_found_and_nothing_is_taken_twice,
}

async fn after_each_kill_every_202_is_found_and_nothing_is_taken_twice(database: &Database) {
    kill_under_load(database, SHORT).await;
}

async fn after_two_hundred_kills_every_202_is_found_and_nothing_is_taken_twice(database: &Database) {
    kill_under_load(database, LONG).await;
}

async fn kill_under_load(database: &Database, kills: usize) {
    let provider = Provider::taking_after(WORK);
    let settings = database.under(provider.settings()).with("SMSP_OUTBOX_CONCURRENCY", &CONCURRENCY.to_string());
    let (callers, mut posted) = (Callers::default(), Vec::<Posted>::new());
    for _ in 0..kills {
        let proxy = Proxy::start(settings.clone()).await;
        let calling = callers.call(proxy.api);
        let enough = provider.count() + fastrand::usize(..MAILS);
        eventually("mails arrive", async || when(provider.count() >= enough, || proxy.process.evidence())).await;
        calling.go_on_until_cut_off();
        tokio::time::sleep(POINT.mul_f64(fastrand::f64())).await;
        // Which kills it.
        drop(proxy);
        database.silent_nodes_are_dead().await;
        posted.extend(calling.all().await);
    }
    let cut_off = posted.iter().filter(|posted| posted.answer.is_err()).count();
    let proxy = Proxy::start(settings).await;
    repeat_unclear(&mut posted, proxy.api).await;
    let counts = at_rest(&proxy.client).await;
    let books = Books::close(&posted, &proxy.client, counts, provider.taken()).await;
    let (violations, unknown) = (books.violations(), books.counts.status("unknown"));
    let (mails, taken) = (books.accepted.len(), books.taken.len());
    report(
        "R-outbox",
        &format!(
            "{kills} kills; {mails} mails accepted, {cut_off} calls cut off, {taken} taken, {unknown} unknown; {} lost or \
             taken twice",
            violations.len()
        ),
    );
    assert!(violations.is_empty(), "{violations:#?}");
    assert!(unknown <= kills as u64 * CONCURRENCY, "{unknown} unknown after {kills} kills");
    // Otherwise the kills came when nothing was under way.
    assert!(cut_off >= kills && mails >= kills, "{mails} accepted, {cut_off} cut off");
}

//! R-kill: a hundred times `kill -9` under load: every 200 was true, nothing is sent twice,
//! the next node is ready within a second.

use std::time::Duration;

use tokio::time::Instant;

use super::counting_provider::CountingProvider;
use super::load::Load;
use super::load_results::LoadResults;
use crate::harness::lag::Lag;
use crate::harness::wait::when;
use crate::harness::{Proxy, eventually, report};

const KILLS: usize = 100;
const CALLERS: usize = 16;
const WORK: Duration = Duration::from_millis(5);
/// A kill comes after so many more mails at the least, and at the most.
const LEAST: usize = 10;
const MOST: usize = 60;
/// More than anybody sends in one round.
const NUMBERS: usize = 1_000_000;
const READY: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn after_a_hundred_kills_every_200_was_true_and_every_restart_quick() {
    let (provider, mut results) = (CountingProvider::start(WORK), LoadResults::default());
    let (mut slowest, lag) = (Duration::ZERO, Lag::measure());
    for kill in 0..KILLS {
        let start = Instant::now();
        let proxy = Proxy::start(provider.settings()).await;
        proxy.client.ops("/readyz").await.expect(200);
        slowest = slowest.max(start.elapsed());
        let calling = Load::on(proxy.api).from(kill * NUMBERS).saturate(CALLERS);
        let enough = provider.count() + fastrand::usize(LEAST..MOST);
        eventually("mails arrive", async || when(provider.count() >= enough, || provider.count().to_string())).await;
        // Which kills it.
        drop(proxy);
        results = results.and(calling.stop().await);
    }
    let violations = results.violations(&provider.accepted());
    let (answered, cut) = (results.sent.len(), results.unanswered.len());
    report(
        "R-kill",
        &format!(
            "{KILLS} kills; {answered} mails answered, {cut} cut off, {} accepted, {} lost, denied or duplicate; \
             ready in {slowest:.0?} at the most",
            provider.count(),
            violations.len(),
        ),
    );
    assert!(violations.is_empty(), "{violations:#?}");
    // Otherwise the kills came when nothing was under way.
    assert!(answered >= KILLS && cut >= KILLS, "{answered} answered, {cut} cut off");
    let bar = READY + lag.allowance();
    assert!(slowest <= bar, "ready in {slowest:?}, at most {bar:?}");
}

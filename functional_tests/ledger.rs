//! The ledger: every answer is right about the mail under every fault, and nothing is sent twice.
//!
//! Providers strike mail by mail as a seed says, and write down what they accepted; callers write down what they were
//! told; the rules I1 to I14 of `rule` join the two. `controls` plants a violation of every rule. The short form here
//! runs with `cargo test`, the long one by `scripts/ledger`. `outbox` does the same for mails that are accepted for later, while
//! the node is killed; `fallback`, by the rules F1 to F14, for mails that may be queued and are repeated at several nodes;
//! `direct` for mails that go to their recipients' own servers.

pub(crate) mod record;
mod rule;
pub(crate) mod outages;
pub(crate) mod lag;
pub(crate) mod fates;
mod fault;
mod random;
mod routing;
mod names;
mod way;
mod ways;
mod upstream_rates;
mod outbox_status;
mod outbox;
mod fallback;
mod direct;
mod mail;
mod provider;
pub(crate) mod caller;
mod scenario;
mod environment;
mod answered;
mod load;
mod collect;
mod run;
mod hang_up;
mod concurrent_repeats;
mod slow_uploads;
mod later_repeats;
mod calls;
mod answers;
mod attempt;
mod attempts;
mod checks;
mod keys;
pub(crate) mod retry_advice;
pub(crate) mod partial;
mod mail_refusals;
mod circuits;
mod deadlines;
mod metrics_totals;
mod report;
mod rest;
mod plan;
mod controls;
mod end_to_end_controls;

use crate::harness::seed::seed;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::Instant;

use record::Ledger;
use scenario::Scenario;

/// Enough to meet every fault some forty times.
const SHORT: usize = 80;
/// Most of them wait more than they work.
const AT_A_TIME: usize = 3;

#[tokio::test]
async fn under_every_fault_every_answer_is_right_about_the_mail_and_nothing_is_sent_twice() {
    play(SHORT, seed()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/ledger runs it, with more mails and the release binary"]
async fn the_long_form() {
    let mails = std::env::var("SMSP_LEDGER_MAILS").ok().and_then(|mails| mails.parse().ok());
    play(mails.expect("SMSP_LEDGER_MAILS is a number"), seed()).await;
}

/// Every scenario, several at a time, with a line for each.
async fn play(mails: usize, seed: u64) {
    eprintln!("seed {seed}, {mails} mails for each fault\n{}", report::head());
    let (mut failed, mut played) = (Vec::new(), 0);
    let wanted = std::env::var("SMSP_LEDGER_FAULT").unwrap_or_default();
    let scenarios = plan::all(mails, seed).into_iter().filter(|scenario| scenario.name.contains(&wanted));
    let mut results = stream::iter(scenarios).map(timed).buffer_unordered(AT_A_TIME);
    while let Some((scenario, ledger, took)) = results.next().await {
        played += 1;
        let (violations, evidence) = report::judge(&ledger);
        eprintln!("{}", report::row(&scenario, &ledger, violations, took));
        if violations > 0 {
            let rules = scenario.routing.iter().map(|routing| format!("\n    rules: {}", routing.rules()));
            let evidence = format!("{evidence}{}", rules.collect::<String>());
            eprintln!("{evidence}");
            failed.push(format!("{} ({violations})\n{evidence}", scenario.name));
        }
    }
    assert!(played > 0, "no fault is called {wanted}");
    assert!(failed.is_empty(), "violations with SMSP_TEST_SEED={seed} in:\n{}", failed.join("\n"));
}

async fn timed(scenario: Scenario) -> (Scenario, Ledger, Duration) {
    let start = Instant::now();
    let ledger = run::run(&scenario).await;
    (scenario, ledger, start.elapsed())
}

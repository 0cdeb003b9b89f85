//! Fallback and keys over several nodes: mails come by `POST /email`, go into the outbox where no provider takes them, and
//! are called again under their keys, while providers fail in every way and nodes are killed.
//!
//! A kill ends answers, counters and the circuits' memory, so these mails are judged by the rules F1 to F14 of `rule`, each by
//! all of its calls at all nodes, all of its visits at providers, and what `GET /email/{id}` and `GET /outbox/{id}` say of it
//! at the end. `controls` plants a violation of every rule.

mod call;
mod callers;
mod controls;
mod downtime;
mod end_to_end_controls;
mod history;
mod listeners;
mod nodes;
mod plan;
mod rules;
mod run;
mod wants;

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};

use super::rule::{Rule, Violation};
use crate::harness::report;
use crate::harness::seed::seed;
use history::Run;
use plan::Plan;

const AT_A_TIME: usize = 3;

#[tokio::test]
async fn mails_that_may_be_queued_and_repeated_at_any_node_are_what_their_callers_are_told_under_faults_and_kills() {
    let seed = seed();
    play(plan::short(seed).await, seed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/ledger runs it, with more mails and the release binary"]
async fn the_long_form() {
    let seed = seed();
    play(plan::long(seed).await, seed).await;
}

/// How often each rule is broken, and the first time in full.
fn evidence(found: &[Violation]) -> String {
    let mut by_rule = BTreeMap::<Rule, Vec<&Violation>>::new();
    found.iter().for_each(|violation| by_rule.entry(violation.rule).or_default().push(violation));
    by_rule.values().map(|all| format!("{} times {}\n", all.len(), all[0])).collect()
}

/// Every plan, several at a time, with a line for each.
async fn play(plans: Vec<Plan>, seed: u64) {
    eprintln!("SMSP_TEST_SEED={seed}");
    let mut failed = Vec::new();
    let mut runs = stream::iter(plans).map(named).buffer_unordered(AT_A_TIME);
    while let Some((name, run)) = runs.next().await {
        let found = rules::violations(&run);
        report("R-fallbk", &format!("{name}: {}, {} violations", run.summary(), found.len()));
        failed.extend((!found.is_empty()).then(|| format!("{name}\n{}", evidence(&found))));
    }
    assert!(failed.is_empty(), "violations with SMSP_TEST_SEED={seed} in:\n{}", failed.join("\n"));
}

async fn named(plan: Plan) -> (String, Run) {
    (plan.name(), run::run(plan).await)
}

//! Direct delivery to twenty sites: their servers fail at every stage of the dialogue, their names cannot be found, nodes are
//! killed, callers cancel, and operators pause sites, try them again and decide about mail in doubt.
//!
//! Servers write down which recipient they took which mail for and what they said. At the end that is joined with what
//! `GET /outbox/{id}` says of each recipient: nobody is sent a mail twice unless it says `possible_duplicate`, `refused` means
//! that nobody has it, nothing is lost, and each word about a recipient is true. Every other run is on PostgreSQL, with two
//! nodes, the others on SQLite. `controls` shows that servers which lie are found.

mod callers;
mod controls;
mod fault;
mod host;
mod judge;
mod network;
mod nodes;
mod operators;
mod plan;
mod record;
mod run;
mod script;
mod wire;

use futures_util::{StreamExt, stream};

use super::random::SeededRng;
use crate::harness::report;
use crate::harness::seed::seed;
use plan::Plan;

const AT_A_TIME: usize = 3;
/// Evidence enough to begin with.
const SHOWN: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mails_to_recipients_own_servers_are_where_their_statuses_say_under_faults_and_kills() {
    let seed = seed();
    play(plan::short(SeededRng::new(seed)), AT_A_TIME, seed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it, with more mails and the release binary"]
async fn the_long_form() {
    let seed = seed();
    let rng = SeededRng::new(seed);
    let wanted = std::env::var("SMSP_LEDGER_FAULT").unwrap_or_default();
    let of = |plans: Vec<Plan>| plans.into_iter().filter(|plan| plan.name.contains(&wanted)).collect::<Vec<_>>();
    let patient = of(plan::patient(rng));
    // All of them at once: they only wait.
    let at_a_time = patient.len().max(1);
    tokio::join!(play(patient, at_a_time, seed), play(of(plan::long(rng)), AT_A_TIME, seed));
}

async fn play(plans: Vec<Plan>, at_a_time: usize, seed: u64) {
    eprintln!("SMSP_TEST_SEED={seed}");
    let mut failed = Vec::new();
    let mut runs = stream::iter(plans).map(named).buffer_unordered(at_a_time);
    while let Some((name, run)) = runs.next().await {
        report("R-direct", &format!("{name}: {}, {} violations", run.summary, run.violations.len()));
        let shown = run.violations.iter().take(SHOWN).map(|violation| format!("{name}: {violation}"));
        failed.extend(shown);
    }
    assert!(failed.is_empty(), "violations with SMSP_TEST_SEED={seed} in:\n{}", failed.join("\n"));
}

async fn named(plan: Plan) -> (String, run::Run) {
    (plan.name.clone(), run::run(plan).await)
}

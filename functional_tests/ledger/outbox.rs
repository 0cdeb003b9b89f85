//! The outbox as a second way in: mails come by `POST /outbox` and by `POST /email` side by side, providers fail in every way,
//! and the node is killed again and again.
//!
//! A kill ends answers, counters and the circuits' memory, so these mails are not judged by the rules I1 to I14 but by what is
//! left at the end: what each provider has, what callers were told, and what the outbox says of each mail that it accepted.
//! Every other scenario is played on PostgreSQL, the others on SQLite.

mod callers;
mod judge;

use futures_util::{StreamExt, stream};

use self::callers::{By, Told};
use self::judge::Final;
use super::environment::Environment;
use super::fault::FAULTS;
use super::random::SeededRng;
use super::record::Failover;
use super::rest::at_rest_with_mended_accounts;
use super::scenario::{Circuits, Scenario};
use crate::harness::database::Database;
use crate::harness::outbox::shown;
use crate::harness::seed::seed;
use crate::harness::wait::when;
use crate::harness::{eventually, report};

const SHORT: usize = 60;
const LONG: usize = 200;
const KILLS: usize = 3;
/// Mails of the outbox on their way to one provider at a time, at most.
const CONCURRENCY: usize = 8;
const SETTINGS: [(&str, &str); 2] = [("SMSP_OUTBOX_CONCURRENCY", "8"), ("SMSP_OUTBOX_RETRY", "1s")];
const AT_A_TIME: usize = 3;

#[tokio::test]
async fn mails_of_the_outbox_are_neither_lost_nor_sent_twice_under_faults_and_kills() {
    let seed = seed();
    let rng = SeededRng::new(seed);
    let mixes = on_either_store(usize::from(rng.coin("store", 0))).map(|circuits| {
        let faults = FAULTS.iter().filter(|fault| !fault.is_silent()).collect();
        Scenario::of("outbox", faults, 2, Failover::Safe, circuits, SHORT, rng)
    });
    play(mixes.into(), seed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn mails_of_the_outbox_are_neither_lost_nor_sent_twice_under_each_fault_alone() {
    let seed = seed();
    let rng = SeededRng::new(seed);
    let alone = FAULTS.iter().enumerate().flat_map(|(number, fault)| {
        // Where nobody waits, an attempt at a silent provider takes a minute.
        let mails = if fault.is_silent() { CONCURRENCY } else { LONG };
        on_either_store(number).map(|circuits| Scenario::alone(fault, circuits, mails, rng))
    });
    let wanted = std::env::var("SMSP_LEDGER_FAULT").unwrap_or_default();
    play(alone.filter(|scenario| scenario.name.contains(&wanted)).collect(), seed).await;
}

/// One scenario for each store, by turns the one and the other with circuits that are held.
fn on_either_store(turn: usize) -> [Circuits; 2] {
    if turn.is_multiple_of(2) { [Circuits::Held, Circuits::Free] } else { [Circuits::Free, Circuits::Held] }
}

async fn play(scenarios: Vec<Scenario>, seed: u64) {
    eprintln!("SMSP_TEST_SEED={seed}");
    let mut failed = Vec::new();
    let mut results = stream::iter(scenarios.into_iter().enumerate()).map(run).buffer_unordered(AT_A_TIME);
    while let Some((name, violations)) = results.next().await {
        failed.extend(violations.into_iter().map(|violation| format!("{name}: {violation}")));
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// The name of the scenario, and everything that must not be; by its number, on the one store or the other.
async fn run((number, scenario): (usize, Scenario)) -> (String, Vec<String>) {
    let postgres = if number.is_multiple_of(2) { None } else { Database::postgres().await };
    let database = postgres.unwrap_or_else(Database::sqlite);
    let scenario = scenario.with_settings(&SETTINGS).with_outbox(&database);
    let mut environment = Environment::start(&scenario, None).await;
    let mut told = Vec::new();
    for kill in 0..=KILLS {
        let [from, to] = [kill, kill + 1].map(|part| scenario.mails * part / (KILLS + 1));
        let calling = callers::call(&scenario, environment.proxy.api, from..to);
        if kill < KILLS {
            let enough = environment.arrivals() + scenario.rng.below("kill", kill, to - from);
            eventually("mails arrive, or all are sent", async || {
                when(environment.arrivals() >= enough || calling.is_done(), || environment.proxy.process.evidence())
            })
            .await;
            environment.dies().await;
            database.silent_nodes_are_dead().await;
            environment.starts_again(&scenario).await;
        }
        told.extend(calling.all().await);
    }
    callers::repeat_unclear(&scenario, environment.proxy.api, &mut told).await;
    let counts = at_rest_with_mended_accounts(&environment.proxy.client, &database).await;
    let finals = finals(&scenario, &environment, &told).await;
    let mut violations: Vec<_> = finals.iter().filter_map(Final::violation).collect();
    violations.extend(judge::count(&finals, &counts));
    let crashed = finals.iter().filter(|one| one.is_unknown_by_a_crash()).count();
    if crashed > KILLS * CONCURRENCY * environment.providers.len() {
        violations.push(format!("{crashed} are unknown by {KILLS} crashes"));
    }
    report("R-later", &format!("{}: {} mails, {counts:?}, {} violations", scenario.name, told.len(), violations.len()));
    (scenario.name, violations)
}

/// What became of each mail.
async fn finals(scenario: &Scenario, environment: &Environment, told: &[Told]) -> Vec<Final> {
    let accounts = environment.accounts(scenario);
    let mut finals = Vec::new();
    for told in told {
        let arrivals = accounts.iter().flat_map(|account| &account.arrivals);
        let taken = arrivals.filter(|arrival| arrival.number == told.number && arrival.accepted).count();
        let shown = match (told.by, told.id()) {
            (By::Outbox, Some(id)) => Some(shown(&environment.proxy.client, id).await),
            _ => None,
        };
        finals.push(Final { told: told.clone(), taken, shown });
    }
    finals
}

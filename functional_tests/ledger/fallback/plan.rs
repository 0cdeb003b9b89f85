//! Which nodes, faults, kills and callers a run has.

use std::time::Duration;

use super::super::fault::Kind::{Resend, SendGrid};
use super::super::fault::{FAULTS, Fault};
use super::super::random::SeededRng;
use super::super::record::Failover;
use super::super::scenario::{Circuits, Scenario};
use crate::harness::database::Database;
use crate::harness::postmaster::Postmaster;

const SHORT: usize = 60;
const LONG: usize = 400;
/// So many mails show that nothing is queued where that is off.
const OFF: usize = 24;
const SETTINGS: [(&str, &str); 2] = [("SMSP_OUTBOX_CONCURRENCY", "8"), ("SMSP_OUTBOX_RETRY", "1s")];

/// The record of a call whose node was killed is in flight for a few seconds more than this.
const DEADLINE: Duration = Duration::from_secs(3);

/// One run.
pub(super) struct Plan {
    pub(super) scenario: Scenario,
    pub(super) database: Database,
    pub(super) nodes: usize,
    pub(super) kills: usize,
    /// Is `SMSP_OUTBOX_FALLBACK` set?
    pub(super) falls_back: bool,
    /// Are all providers down now and then?
    pub(super) has_outages: bool,
    /// The server of the store, if that is killed now and then.
    pub(super) failing_store: Option<&'static Postmaster>,
}

impl Plan {
    /// Nodes with this store, so many if that can be shared; they live, and so do the providers.
    pub(super) fn on(database: Database, nodes: usize, scenario: Scenario) -> Self {
        let scenario = Scenario { deadline: DEADLINE, ..scenario.with_settings(&SETTINGS).with_outbox(&database) };
        let nodes = if matches!(database, Database::Sqlite(_)) { 1 } else { nodes };
        Self { scenario, database, nodes, kills: 0, falls_back: false, has_outages: false, failing_store: None }
    }

    pub(super) fn falling_back(self) -> Self {
        let scenario = self.scenario.with_settings(&[("SMSP_OUTBOX_FALLBACK", "true")]);
        Self { scenario, falls_back: true, ..self }
    }

    fn with_outages(self) -> Self {
        Self { has_outages: true, ..self }
    }

    /// So many nodes with a server of their own, which is killed now and then; none, if PostgreSQL is not here.
    async fn on_failing_store(nodes: usize, scenario: Scenario) -> Option<Self> {
        // It ends with the test process, which ends its folder too.
        let server: &'static Postmaster = Box::leak(Box::new(Postmaster::start()?));
        let plan = Self::on(Database::Postgres(server, server.database().await), nodes, scenario);
        Some(Self { failing_store: Some(server), ..plan })
    }

    fn with_kills(self, kills: usize) -> Self {
        Self { kills, ..self }
    }

    pub(super) fn name(&self) -> String {
        let Self { scenario, nodes, kills, .. } = self;
        let (circuits, failover) = (format!("{:?}", scenario.circuits).to_lowercase(), scenario.failover.word());
        format!("{} ({nodes} nodes, {kills} kills, circuits {circuits}, failover {failover})", scenario.name)
    }
}

/// Two nodes with PostgreSQL and one with SQLite; and one where mail is not to be queued.
pub(super) async fn short(seed: u64) -> Vec<Plan> {
    let rng = SeededRng::new(seed);
    // Where nobody waits, an attempt at a silent provider takes a minute.
    let faults = || FAULTS.iter().filter(|fault| !fault.is_silent()).collect::<Vec<_>>();
    let [of_two, of_one] = both_circuits(usize::from(rng.coin("circuits", 0)));
    let two = with_random_kinds(Scenario::of("fallback", faults(), 2, Failover::Safe, of_two, SHORT, rng));
    let one = with_random_kinds(Scenario::of("fallback", faults(), 2, Failover::Safe, of_one, SHORT, rng));
    let off = Scenario::of("no fallback", faults(), 2, Failover::Safe, Circuits::Free, OFF, rng);
    vec![
        Plan::on(shared().await, 2, two).falling_back().with_outages().with_kills(2),
        Plan::on(Database::sqlite(), 1, one).falling_back().with_outages().with_kills(2),
        Plan::on(Database::sqlite(), 1, off).with_outages(),
    ]
}

/// Three nodes with PostgreSQL and one with SQLite, by all circuits and all that an operator may allow: each with every fault.
pub(super) async fn long(seed: u64) -> Vec<Plan> {
    let (rng, mut plans) = (SeededRng::new(seed), Vec::new());
    for (turn, failover) in [Failover::Safe, Failover::Safe, Failover::Never, Failover::Always].into_iter().enumerate()
    {
        // A mail that goes on after each minute of silence is on its way for longer than is waited for.
        let goes_on = |fault: &&Fault| failover == Failover::Always && fault.is_silent();
        let every = || FAULTS.iter().filter(|fault| !goes_on(fault)).collect::<Vec<&Fault>>();
        for circuits in both_circuits(turn) {
            let of = |name| with_random_kinds(Scenario::of(name, every(), 2, failover, circuits, LONG, rng));
            let name = format!("fallback {turn}");
            for database in [shared().await, Database::sqlite()] {
                plans.push(Plan::on(database, 3, of(&name)).falling_back().with_outages().with_kills(6));
            }
        }
        let failing = with_random_kinds(Scenario::of("failing store", every(), 2, failover, Circuits::Free, LONG, rng));
        let failing =
            Plan::on_failing_store(3, failing).await.map(|plan| plan.falling_back().with_outages().with_kills(2));
        plans.extend(failing);
        let off = Scenario::of("no fallback", every(), 2, failover, Circuits::Free, LONG, rng);
        plans.push(Plan::on(shared().await, 2, off).with_outages().with_kills(3));
    }
    let wanted = std::env::var("SMSP_LEDGER_FAULT").unwrap_or_default();
    plans.into_iter().filter(|plan| plan.scenario.name.contains(&wanted)).collect()
}

/// PostgreSQL; if that is not here, SQLite.
async fn shared() -> Database {
    Database::postgres().await.unwrap_or_else(Database::sqlite)
}

fn both_circuits(turn: usize) -> [Circuits; 2] {
    if turn.is_multiple_of(2) { [Circuits::Held, Circuits::Free] } else { [Circuits::Free, Circuits::Held] }
}

/// The first and the last upstream take a mail once, or none does.
fn with_random_kinds(scenario: Scenario) -> Scenario {
    if scenario.rng.coin("kinds", 0) { Scenario { kinds: [Resend, SendGrid, Resend], ..scenario } } else { scenario }
}

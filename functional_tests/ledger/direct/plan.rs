//! What is played: which faults, how many mails, which store, how many kills.

use std::time::Duration;

use super::super::random::SeededRng;
use super::fault::{FAULTS, Fault, Stage};
use super::script::Script;

const SHORT: usize = 30;
const LONG: usize = 60;
const MIXED: usize = 1000;
/// So few that hardly two of them wait for the same site.
const FEW: usize = 6;
const SILENCE: Duration = Duration::from_secs(1);
/// Longer than a node waits for any answer before the end of a mail.
const LONG_SILENCE: Duration = Duration::from_secs(330);

/// One run.
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) script: Script,
    pub(super) mails: usize,
    /// Recipients at one domain, and domains of one mail, at most.
    pub(super) most: usize,
    pub(super) kills: usize,
    pub(super) on_postgres: bool,
    /// How often a mail is tried.
    pub(super) attempts: &'static str,
    /// Does mail go to domains with one server alone?
    pub(super) to_one_server: bool,
}

/// All faults at once, on each store.
pub(super) fn short(rng: SeededRng) -> Vec<Plan> {
    [false, true].map(|on_postgres| mixed(rng, SHORT, on_postgres)).into()
}

/// Each fault alone, and all of them at length.
pub(super) fn long(rng: SeededRng) -> Vec<Plan> {
    let alone = FAULTS.iter().enumerate().map(|(number, fault)| {
        let plan = Plan { kills: 2, on_postgres: number % 2 == 0, ..mixed(rng, LONG, false) };
        only(plan, fault)
    });
    let mixes = [false, true].map(|on_postgres| Plan { kills: 10, ..mixed(rng, MIXED, on_postgres) });
    mixes.into_iter().chain(alone).collect()
}

/// Servers that are silent for longer than a node waits for any answer before the end of a mail: five minutes at most.
pub(super) fn patient(rng: SeededRng) -> Vec<Plan> {
    let silent = FAULTS.iter().filter(|fault| fault.is_silence() && fault.stage != Stage::Dot);
    let patient = |fault| {
        let plan = Plan { kills: 0, attempts: "1", most: 1, to_one_server: true, ..mixed(rng, FEW, false) };
        let plan = only(plan, fault);
        let script = Script { silence: LONG_SILENCE, ..plan.script };
        Plan { name: format!("{} for minutes", plan.name), script, ..plan }
    };
    silent.map(patient).collect()
}

fn mixed(rng: SeededRng, mails: usize, on_postgres: bool) -> Plan {
    let rng = rng.of(if on_postgres { "PostgreSQL" } else { "SQLite" });
    let script = Script { faults: FAULTS.iter().collect(), rng, silence: SILENCE, odds: 3 };
    Plan {
        name: "all faults".to_owned(),
        script,
        mails,
        most: 3,
        kills: 3,
        on_postgres,
        attempts: "5",
        to_one_server: false,
    }
}

/// This plan with one fault.
pub(super) fn only(plan: Plan, fault: &'static Fault) -> Plan {
    let script = Script { faults: vec![fault], odds: 2, ..plan.script };
    Plan { name: fault.name(), script, ..plan }
}

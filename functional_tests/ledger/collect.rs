//! Makes the ledger of a run when all is over.

use std::collections::BTreeMap;

use super::answered::Answered;
use super::environment::Environment;
use super::lag::Meter;
use super::names::NAMES;
use super::record::{Cut, Ledger};
use super::scenario::Scenario;

/// When things happened that are nobody's fault.
pub(crate) struct Times {
    pub(crate) meter: Meter,
    pub(crate) cuts: Vec<Cut>,
}

/// Makes the ledger when all is over.
pub(crate) async fn close(scenario: &Scenario, environment: Environment, answered: Answered, times: Times) -> Ledger {
    let Answered { sent, repeats, reused, unanswered } = answered;
    let mut states = Vec::new();
    for name in NAMES {
        states.push(environment.proxy.client.state(name).await);
    }
    Ledger {
        sent,
        repeats,
        reused,
        cut_off: Vec::new(),
        rates: BTreeMap::new(),
        hung_up: Vec::new(),
        unfinished: 0,
        unanswered,
        cuts: times.cuts,
        ways: scenario.ways(),
        one_was_up: scenario.one_is_up(),
        refuses_mails_alone: scenario.refuses_mails_alone(),
        states,
        deadline: scenario.deadline,
        lags: times.meter.lags(),
        metrics: environment.proxy.client.metrics().await,
        accounts: environment.accounts(scenario),
    }
}

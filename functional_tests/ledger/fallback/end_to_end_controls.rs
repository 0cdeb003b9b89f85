//! Negative controls from end to end: providers that lie, and a run that is judged by what it is not.

use super::super::fault::{self, Fault};
use super::super::random::SeededRng;
use super::super::record::Failover;
use super::super::rule::Rule;
use super::super::scenario::{Circuits, Scenario};
use super::history::Run;
use super::plan::Plan;
use super::rules::violations;
use super::run;
use crate::harness::database::Database;

const MAILS: usize = 24;

/// One node with SQLite, which falls back, in front of two providers that do this with half of the mails.
async fn under(fault: &'static Fault, failover: Failover) -> Run {
    let rng = SeededRng::new(1);
    let scenario = Scenario::of(fault.name, vec![fault], 2, failover, Circuits::Held, MAILS, rng);
    run::run(Plan::on(Database::sqlite(), 1, scenario).falling_back()).await
}

fn rules(run: &Run) -> Vec<Rule> {
    let mut rules: Vec<_> = violations(run).iter().map(|violation| violation.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[tokio::test]
async fn a_provider_that_says_yes_and_forgets_the_mail_is_found() {
    let found = rules(&under(&fault::FORGETS, Failover::Safe).await);
    assert!(found.contains(&Rule::F1) && found.contains(&Rule::F2), "{found:?}");
}

#[tokio::test]
async fn a_provider_that_says_no_and_keeps_the_mail_and_a_fallback_that_is_not_switched_on_are_found() {
    let mut run = under(&fault::KEEPS, Failover::Never).await;
    let found = rules(&run);
    assert!(found.contains(&Rule::F5) && found.contains(&Rule::F6), "it is queued, so there are two: {found:?}");
    assert!(!found.contains(&Rule::F9), "{found:?}");
    run.falls_back = false;
    let found = rules(&run);
    assert!(found.contains(&Rule::F9), "{found:?}");
}

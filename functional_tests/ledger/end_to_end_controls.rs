//! Negative controls from end to end: providers that lie, and runs that are judged by what they are not.
//!
//! The proxy cannot know better, so the ledger has to.

use std::time::Duration;

use super::fault::{self, Fault};
use super::lag::Lags;
use super::random::SeededRng;
use super::record::{Failover, Ledger};
use super::routing::Routing;
use super::rule::Rule;
use super::run;
use super::scenario::{Circuits, Scenario};

/// Every mail but those that are well; the rng do not matter.
async fn under(fault: &'static Fault, circuits: Circuits) -> Ledger {
    run::run(&Scenario::alone(fault, circuits, 60, SeededRng::new(1))).await
}

fn rules(ledger: &Ledger) -> Vec<Rule> {
    let mut rules: Vec<_> = ledger.violations().iter().map(|violation| violation.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[tokio::test]
async fn a_provider_that_says_yes_and_forgets_the_mail_is_found() {
    assert_eq!(rules(&under(&fault::FORGETS, Circuits::Held).await), [Rule::I1]);
}

#[tokio::test]
async fn a_provider_that_says_no_and_keeps_the_mail_is_found() {
    let ledger = under(&fault::KEEPS, Circuits::Held).await;
    assert_eq!(rules(&ledger), [Rule::I2, Rule::I3, Rule::I8], "it goes to the next, so there are two");
}

#[tokio::test]
async fn a_provider_that_says_that_the_mail_is_wrong_and_keeps_it_is_found() {
    assert_eq!(rules(&under(&fault::KEEPS_THE_WRONG, Circuits::Held).await), [Rule::I3, Rule::I8], "a repeat is taken");
}

#[tokio::test]
async fn a_mail_along_a_circuit_that_was_open_is_found() {
    let own = vec![("SMSP_POLL_INTERVAL", "60s"), ("SMSP_POLL_INTERVAL_MAX", "60s")];
    let held = Scenario { own, ..Scenario::alone(fault::named("500"), Circuits::Held, 60, SeededRng::new(1)) };
    // An operator forced them closed: that is taken for nothing here.
    let ledger = run::judged_as(&held, Circuits::Free).await;
    assert_eq!(rules(&ledger), [Rule::I4]);
}

#[tokio::test]
async fn an_answer_after_the_deadline_is_found() {
    let mut ledger = under(fault::named("silence"), Circuits::Held).await;
    ledger.check();
    ledger.deadline = Duration::from_millis(50);
    ledger.lags = Lags::default();
    assert_eq!(rules(&ledger), [Rule::I5]);
}

#[tokio::test]
async fn a_provider_that_saw_one_mail_more_is_found() {
    let mut ledger = under(fault::named("500"), Circuits::Held).await;
    ledger.check();
    let without_key = ledger.sent.iter().position(|sent| !sent.keyed).expect("a mail without a key");
    let untold = ledger.sent.remove(without_key);
    ledger.hung_up.push(untold.number);
    ledger.accounts[0].arrivals.retain(|arrival| arrival.number != untold.number);
    ledger.accounts[1].arrivals.retain(|arrival| arrival.number != untold.number);
    assert_eq!(rules(&ledger), [Rule::I6]);
}

#[tokio::test]
async fn a_node_that_forgets_its_answers_is_found() {
    // One is held at a time, for all callers.
    let held = Scenario::alone(fault::named("500"), Circuits::Held, 240, SeededRng::new(1));
    let own = held.own.iter().copied().chain([("SMSP_HELD_ANSWERS", "1")]).collect();
    let found = rules(&run::run(&Scenario { own, ..held }).await);
    assert!(found.contains(&Rule::I8), "{found:?}");
}

#[tokio::test]
async fn a_mail_that_is_lost_without_need_is_found() {
    let mut ledger = under(fault::named("500"), Circuits::Held).await;
    ledger.sent.iter_mut().for_each(|sent| sent.failover = Failover::Always);
    assert_eq!(rules(&ledger), [Rule::I7]);
}

#[tokio::test]
async fn a_node_with_other_rules_and_sender_maps_than_it_should_have_is_found() {
    let scenario = Scenario::alone(fault::named("500"), Circuits::Held, 60, SeededRng::new(1)).with_random_routing();
    let mut ledger = run::run(&scenario).await;
    ledger.check();
    for seed in 2..10 {
        let other = Routing::random(SeededRng::new(seed));
        ledger.ways = Scenario { routing: Some(other), ..scenario.clone() }.ways();
        assert!(rules(&ledger).contains(&Rule::I13), "{:?}", ledger.ways);
    }
}

#[tokio::test]
async fn a_node_that_hands_more_to_an_upstream_than_its_rate_allows_is_found() {
    let mut ledger = under(fault::named("500"), Circuits::Held).await;
    ledger.check();
    ledger.accounts[0].rate = Some(1);
    assert_eq!(rules(&ledger), [Rule::I14]);
}

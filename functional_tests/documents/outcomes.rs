//! The cells of the tables on outcomes and problem types, held against what the code does.

use smsp::model::outcome::{Blame, Delivery, FailoverSafety, Outcome};

use super::markdown::tables;
use super::names;

fn next_upstream(outcome: Outcome) -> &'static str {
    match outcome.failover_safety() {
        FailoverSafety::Safe => "yes",
        FailoverSafety::AtRisk => "only with SMSP_FAILOVER=always",
        FailoverSafety::Never => "no",
    }
}

fn circuit(outcome: Outcome) -> &'static str {
    match outcome.blame() {
        Blame::Success => "success",
        Blame::Failure => "failure",
        Blame::Account => "opens at once",
        Blame::Throttled => "waits",
        Blame::Neutral => "nothing",
    }
}

fn delivery(outcome: Outcome) -> &'static str {
    match outcome.delivery() {
        Delivery::Accepted => "accepted",
        Delivery::None => "none",
        Delivery::Unknown => "unknown",
    }
}

#[test]
fn every_cell_of_the_outcome_table_is_what_the_code_does() {
    let table = &tables("outcome")[0];
    let column = |name: &str| table.head.iter().position(|cell| cell == name).unwrap_or_else(|| panic!("no {name}"));
    for outcome in Outcome::ALL {
        let name = format!("`{}`", outcome.as_str());
        let row = table.rows.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("no row {name}"));
        let cells = ["next upstream", "circuit", "delivery"].map(|name| row[column(name)].replace('`', ""));
        assert_eq!(cells, [next_upstream(outcome), circuit(outcome), delivery(outcome)], "{name}");
    }
}

#[test]
fn status_delivery_and_retryable_of_a_problem_type_are_those_of_the_recorded_answers() {
    let table = &tables("problem type")[0];
    let column = |name: &str| table.head.iter().position(|cell| cell == name).unwrap_or_else(|| panic!("no {name}"));
    let mut compared = 0;
    let recorded = ["openapi/answers.json", "openapi/outbox-answers.json"].map(names::recorded_answers);
    for answer in recorded.into_iter().flatten() {
        let Some(name) = answer["type"].as_str() else { continue };
        let cell = format!("`{name}`");
        let row = table.rows.iter().find(|row| row[0] == cell).unwrap_or_else(|| panic!("no row {cell}"));
        assert_eq!(row[column("status")], answer["status"].to_string(), "{answer}");
        // A cell that is no word of code tells in other words what the delivery follows from.
        if let Some(delivery) = row[column("delivery")].strip_prefix('`') {
            assert_eq!(delivery.trim_matches('`'), answer["delivery"], "{answer}");
        }
        // Some types may be either, as their other words tell.
        let retryable = &row[column("retryable")];
        let said = if answer["retryable"] == true { "yes" } else { "no" };
        assert!(retryable == said || !["yes", "no"].contains(&retryable.as_str()), "{retryable}: {answer}");
        compared += 1;
    }
    assert!(compared >= table.rows.len(), "only {compared} answers");
}

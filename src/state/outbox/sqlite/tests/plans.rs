//! Statements that must not walk through all rows: by which index SQLite runs them.

use super::super::bounces::FIRST;
use super::super::list::{ALL, IN_DOUBT, IN_HAND, RESTING, SPLIT};
use super::super::operators::COUNTS;
use super::super::parts::care::ERASED;
use super::super::parts::{claim, domains};
use super::super::restore::MEANT;
use super::super::select;
use super::super::sweep::OVER;
use super::*;

#[tokio::test]
async fn a_page_of_a_list_is_found_by_an_index_whatever_the_state() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    for (sql, expected) in [
        (ALL, "SEARCH s USING INDEX submission_listed (caller=? AND (accepted_at,uuid)<(?,?))"),
        (RESTING, "SEARCH e USING INDEX envelope_listed (caller=? AND state=? AND listed_at<?)"),
        (IN_DOUBT, "SEARCH e USING INDEX envelope_in_doubt (caller=? AND listed_at<?)"),
        (IN_HAND, "SCAN e USING INDEX envelope_owner"),
        (SPLIT, "SEARCH e USING INDEX envelope_shown (caller=? AND shown=? AND listed_at<?)"),
    ] {
        let plan = plan(&outbox, sql).await;
        assert_eq!(plan[0], expected, "{plan:#?}");
    }
}

#[tokio::test]
async fn counts_look_at_no_row_but_the_oldest_of_each_kind_and_those_in_hand() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    let plan = plan(&outbox, COUNTS).await;
    let rows: Vec<_> = plan.iter().filter(|line| line.contains(" e ")).map(String::as_str).collect();
    let expected = [
        "SEARCH e USING COVERING INDEX envelope_shown_wanted (shown=?)",
        "SEARCH e USING COVERING INDEX envelope_waiting (state=? AND route_set=?)",
        "SEARCH e USING COVERING INDEX envelope_doubt (upstream=?)",
        "SEARCH e USING INDEX envelope_owner",
    ];
    assert_eq!(rows, expected, "{plan:#?}");
    assert_eq!(plan[0], "SCAN t", "the tally has a row for each state and place");
}

#[tokio::test]
async fn bounces_that_are_due_are_found_by_an_index_that_has_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    let plan = plan(&outbox, FIRST).await;
    assert!(plan[0].starts_with("SEARCH e USING INDEX envelope_bounce (bounce_due"), "{plan:#?}");
    assert!(plan.iter().all(|line| !line.starts_with("SCAN")), "nothing is sorted or looked through: {plan:#?}");
}

#[tokio::test]
async fn a_sweep_begins_with_what_is_over_and_sorts_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    for (sql, index) in [(OVER, "envelope_expires (expires_at<?)"), (ERASED, "envelope_erased")] {
        let plan = plan(&outbox, sql).await;
        assert!(plan[0].ends_with(index) && plan.iter().all(|line| !line.contains("B-TREE")), "{plan:#?}");
    }
}

#[tokio::test]
async fn a_release_of_parked_rows_begins_with_the_oldest_and_ends_at_its_limit() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    let plan = plan(&outbox, MEANT).await;
    assert_eq!(plan[0], "SEARCH e USING INDEX envelope_parked (listed_at>? AND listed_at<?)", "{plan:#?}");
    assert!(plan.iter().all(|line| line.starts_with("SEARCH")), "nothing is sorted or looked through: {plan:#?}");
}

#[tokio::test]
async fn rows_that_operators_mean_are_found_by_an_index_in_both_orders() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    let by_time =
        "SEARCH envelope USING COVERING INDEX envelope_listed (caller=? AND state=? AND listed_at>? AND listed_at<?)";
    let split =
        "SEARCH envelope USING COVERING INDEX envelope_shown (caller=? AND shown=? AND listed_at>? AND listed_at<?)";
    let in_doubt = "SEARCH envelope USING INDEX envelope_in_doubt (caller=? AND listed_at>? AND listed_at<?)";
    for (sql, expected) in [
        (select::IN_DOUBT_NEWEST, in_doubt),
        (select::IN_DOUBT_OLDEST, in_doubt),
        (select::NEWEST, by_time),
        (select::OLDEST, by_time),
        (select::SPLIT_NEWEST, split),
        (select::SPLIT_OLDEST, split),
        (select::IN_HAND, "SCAN envelope USING INDEX envelope_owner"),
    ] {
        let plan = plan(&outbox, sql).await;
        assert_eq!(plan, [expected], "nothing is sorted");
    }
}

#[tokio::test]
async fn a_claim_of_parts_looks_at_the_domains_whose_turn_it_is_and_at_the_heads_of_their_queues() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    for (sql, expected) in [
        (domains::TURN, "SEARCH domain USING COVERING INDEX domain_turn (turn<?)"),
        (claim::QUEUE, "SEARCH p USING INDEX part_queue (domain=? AND lane=? AND due<?)"),
        (claim::NEWEST, "SEARCH p USING INDEX part_queue (domain=? AND lane=? AND due<?)"),
        (claim::LOST, "SEARCH p USING INDEX part_lost (due<?)"),
        (domains::FIRST, "SEARCH part USING INDEX part_queue (domain=? AND lane=?)"),
        (domains::OLDEST, "SEARCH part USING COVERING INDEX part_oldest (domain=?)"),
    ] {
        let plan = plan(&outbox, sql).await;
        assert!(plan.iter().any(|line| line == expected), "{plan:#?}");
        assert!(!plan.iter().any(|line| line.contains("SORT") || line.starts_with("SCAN part")), "{plan:#?}");
    }
}

async fn plan(outbox: &SqliteOutbox, sql: &'static str) -> Vec<String> {
    let plan = move |database: &Connection| {
        let mut explain = database.prepare(&format!("explain query plan {sql}"))?;
        let nothing = vec![None::<i64>; explain.parameter_count()];
        let lines = explain.query_map(rusqlite::params_from_iter(nothing), |row| row.get::<_, String>(3))?;
        lines.collect::<Result<Vec<_>, _>>()
    };
    outbox.read(plan).await.unwrap()
}

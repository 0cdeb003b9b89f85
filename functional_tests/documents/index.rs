//! Every name has a row of its own in exactly one table, and no table has a name that there is not.

use std::collections::BTreeSet;

use serde_json::Value;
use smsp::delivery::provider::KINDS;
use smsp::model::left_out::LeftOut;
use smsp::model::outcome::{Outcome, Reason};

use super::markdown::{Document, tables};
use super::names;

/// Answers that no route of the document gives: no such path or method, and heads that are too long.
const BEYOND_ROUTES: [&str; 4] = ["404", "405", "414", "431"];

/// Routes beside those of the documents: what serves them and their page.
const OF_THE_DOCUMENTS: [&str; 3] = ["GET /openapi.json", "GET /swagger.json", "GET /swagger-ui/"];

/// The first cells of all tables whose head begins with this word.
fn rows(head: &str) -> Vec<String> {
    let cells = tables(head).into_iter().flat_map(|table| table.rows).map(|row| row[0].clone());
    cells.map(|cell| cell.trim_matches('`').to_owned()).collect()
}

/// Compares, and names what is missing, twice there, or no such thing.
#[track_caller]
fn each_once(head: &str, real: &BTreeSet<String>) {
    let rows = rows(head);
    let found: BTreeSet<_> = rows.iter().cloned().collect();
    let twice = found.iter().filter(|name| rows.iter().filter(|row| row == name).count() > 1);
    let wrong = [
        ("without a row", real.difference(&found).collect::<Vec<_>>()),
        ("a row, but no such thing", found.difference(real).collect()),
        ("more than one row", twice.collect()),
    ];
    assert!(wrong.iter().all(|(_, names)| names.is_empty()), "tables of `{head}`: {wrong:#?}");
    assert!(!real.is_empty(), "{head}");
}

fn texts(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn every_variable_has_one_row() {
    let real = names::variables().await.iter().map(|(name, _)| names::listed_as(name)).collect();
    each_once("variable", &real);
}

#[test]
fn every_metric_has_one_row() {
    each_once("metric", &names::metrics().into_keys().collect());
}

#[test]
fn every_outcome_and_every_reason_has_one_row() {
    each_once("outcome", &texts(&Outcome::ALL.map(Outcome::as_str)));
    let named = Reason::NAMED.map(|reason| reason.to_string());
    each_once("reason", &named.into_iter().chain(["http_<status>", "smtp_<code>"].map(str::to_owned)).collect());
}

#[test]
fn every_word_for_an_upstream_that_is_left_out_has_one_row() {
    each_once("why it is left out", &texts(&LeftOut::WORDS));
}

#[test]
fn every_status_of_the_api_has_one_row() {
    let [api, _] = names::openapi();
    let methods = api["paths"].as_object().expect("paths").values().filter_map(Value::as_object).flatten();
    let answers = methods.filter_map(|(_, call)| call["responses"].as_object()).flatten();
    let real: BTreeSet<_> = answers.map(|(status, _)| status.clone()).collect();
    each_once("status", &(&real | &texts(&BEYOND_ROUTES)));
}

#[test]
fn every_problem_type_has_one_row() {
    let [api, _] = names::openapi();
    let types = api["components"]["schemas"]["ProblemType"]["enum"].as_array().expect("an enum");
    each_once("problem type", &types.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect());
}

#[test]
fn every_problem_of_the_admin_listener_has_one_row_with_its_status() {
    let rows: Vec<_> = tables("admin problem").into_iter().flat_map(|table| table.rows).collect();
    let types: BTreeSet<_> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(types.len(), rows.len(), "a type is there twice: {rows:?}");
    let recorded = ["openapi/admin-answers.json", "openapi/admin-outbox-answers.json"].map(names::recorded_answers);
    for answer in recorded.into_iter().flatten() {
        let (Some(name), status) = (answer["type"].as_str(), answer["status"].to_string()) else { continue };
        let row = rows.iter().find(|row| row[0] == format!("`{name}`")).unwrap_or_else(|| panic!("no row {name}"));
        assert_eq!(row[1], status, "{name}");
    }
    let [_, admin] = names::openapi();
    let calls = admin["paths"]
        .as_object()
        .expect("paths")
        .values()
        .flat_map(|item| item.as_object().expect("methods").values());
    let statuses: BTreeSet<_> =
        calls.flat_map(|call| call["responses"].as_object().expect("responses").keys().cloned()).collect();
    let shown = rows.iter().map(|row| row[1].clone()).chain(["200", "503"].map(str::to_owned)).collect();
    assert!(statuses.is_subset(&shown), "{statuses:?} {shown:?}");
}

#[test]
fn every_route_of_both_listeners_has_one_row_in_the_table_of_its_listener() {
    let reference = Document::read("docs/reference/api.md");
    let tables: Vec<_> = reference.tables.iter().filter(|table| table.head[0] == "method, path").collect();
    let cells = |index: usize| -> Vec<String> {
        tables[index].rows.iter().map(|row| row[0].trim_matches('`').to_owned()).collect()
    };
    let [api, admin] = names::openapi();
    let real =
        [&names::routes(&api) | &texts(&OF_THE_DOCUMENTS), &names::routes(&admin) | &texts(&OF_THE_DOCUMENTS[..1])];
    assert_eq!(tables.len(), real.len());
    for (index, real) in real.iter().enumerate() {
        let rows = cells(index);
        assert_eq!(rows.iter().cloned().collect::<BTreeSet<_>>(), *real);
        assert_eq!(rows.len(), real.len(), "one is there twice: {rows:?}");
    }
}

#[tokio::test]
async fn every_command_and_every_exit_code_has_one_row() {
    each_once("command", &names::commands().await);
    each_once("exit code", &texts(&["0", "1", "64"]));
}

#[test]
fn every_kind_of_provider_has_one_row() {
    each_once("kind", &KINDS.iter().map(|kind| kind.name.to_owned()).collect());
}

#[test]
fn every_kind_of_index_is_in_one_document() {
    for head in ["variable", "metric", "outcome", "reason", "status", "problem type", "command", "exit code", "kind"] {
        let documents = super::markdown::all();
        let with: Vec<_> = documents
            .iter()
            .filter(|document| document.tables.iter().any(|table| table.head[0] == head))
            .map(|document| document.path.display().to_string())
            .collect();
        assert_eq!(with.len(), 1, "tables of `{head}` stand in {with:?}");
    }
}

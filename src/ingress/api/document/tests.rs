//! What generators of clients need: each object has one name, and what a client decides by is a closed set of words.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::document;
use super::examples::{ANSWERS, OUTBOX_ANSWERS};
use crate::ingress::server::document::checks::{unnamed, without_true_example};
use crate::model::outcome::{Outcome, Reason};

fn whole() -> Value {
    serde_json::to_value(document("")).expect("a document is JSON")
}

#[test]
fn every_object_of_the_document_is_a_component_with_one_name() {
    assert_eq!(unnamed(&whole()), [""; 0]);
}

#[test]
fn a_receipt_and_a_problem_have_the_same_closed_words_for_a_delivery() {
    let document = whole();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Delivery"]["enum"], json!(["accepted", "none", "unknown", "queued"]));
    for name in ["Receipt", "Problem"] {
        assert_eq!(schemas[name]["properties"]["delivery"]["$ref"], "#/components/schemas/Delivery", "{name}");
        assert!(schemas[name]["required"].as_array().expect("a list").contains(&json!("delivery")), "{name}");
    }
}

#[test]
fn every_type_of_a_problem_is_one_that_was_given_and_no_other_was() {
    let document = whole();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Problem"]["properties"]["type"]["$ref"], "#/components/schemas/ProblemType");
    let types = schemas["ProblemType"]["enum"].as_array().expect("a list");
    let read = |answers| serde_json::from_str::<Vec<Value>>(answers).expect("a list");
    let answers = [read(ANSWERS), read(OUTBOX_ANSWERS)].concat();
    let given: BTreeSet<_> = answers.iter().filter_map(|answer| answer["body"]["type"].as_str()).collect();
    assert_eq!(types.iter().filter_map(Value::as_str).collect::<BTreeSet<_>>(), given);
}

#[test]
fn outcomes_and_reasons_are_texts_whose_words_are_listed() {
    let document = whole();
    for (name, field, words) in [
        ("Attempt", "outcome", Outcome::ALL.map(|outcome| outcome.as_str().to_owned()).to_vec()),
        ("Attempt", "reason", Reason::NAMED.map(|reason| reason.to_string()).to_vec()),
        ("Recipient", "reason", vec!["`http_502`".to_owned(), "`smtp_550`".to_owned()]),
    ] {
        let schema = &document["components"]["schemas"][name]["properties"][field];
        assert_eq!((&schema["type"], schema.get("enum")), (&json!("string"), None), "{schema}");
        let about = schema["description"].as_str().expect("a text");
        let absent: Vec<_> = words.iter().filter(|word| !about.contains(*word)).collect();
        assert!(absent.is_empty(), "{absent:?} in {about}");
    }
}

#[test]
fn every_answer_of_the_document_has_an_example_of_its_own_status() {
    assert_eq!(without_true_example(&whole()), [""; 0]);
}

//! What generators of clients need: each object has one name, and what a client decides by is a closed set of words.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::document;
use super::examples::ANSWERS;
use crate::model::outcome::{Outcome, Reason};

fn whole() -> Value {
    serde_json::to_value(document("")).expect("a document is JSON")
}

/// Where an object with properties stands that is no component, and which component has a title beside its name.
fn unnamed(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    objects("", document, &mut found);
    let components = document["components"]["schemas"].as_object().into_iter().flatten();
    found.retain(|place| place.strip_prefix("/components/schemas/").is_none_or(|name| name.contains('/')));
    found.extend(
        components.filter(|(_, schema)| schema.get("title").is_some()).map(|(name, _)| format!("title of {name}")),
    );
    found
}

fn objects(place: &str, value: &Value, found: &mut Vec<String>) {
    let below: Vec<_> = match value {
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), member)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
        _ => return,
    };
    if value.get("properties").is_some() {
        found.push(place.to_owned());
    }
    for (name, member) in below {
        objects(&format!("{place}/{name}"), member, found);
    }
}

#[test]
fn every_object_of_the_document_is_a_component_with_one_name() {
    assert_eq!(unnamed(&whole()), [""; 0]);
}

#[test]
fn an_object_inside_of_another_schema_is_found_and_so_is_a_second_name() {
    let inner = json!({"type": "object", "properties": {"email": {"type": "string"}}});
    for (place, planted) in [
        ("/components/schemas/Mailbox/oneOf/1", json!({"Mailbox": {"oneOf": [{"type": "string"}, inner]}})),
        ("/components/schemas/Mail/properties/from", json!({"Mail": {"properties": {"from": inner}}})),
        ("title of Mail", json!({"Mail": {"title": "Today's names", "properties": {}}})),
    ] {
        assert_eq!(unnamed(&json!({"components": {"schemas": planted}})), [place]);
    }
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
    let answers: Vec<Value> = serde_json::from_str(ANSWERS).expect("a list");
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

/// What every answer of every call is shown by, with its call and status.
fn answers(document: &Value) -> Vec<(String, Vec<Value>)> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            for (status, response) in operation["responses"].as_object().expect("responses") {
                let content = response["content"].as_object().and_then(|content| content.values().next());
                let examples = content.and_then(|content| content["examples"].as_object()).into_iter().flatten();
                let bodies = examples.map(|(_, example)| example["value"].clone()).collect();
                found.push((format!("{method} {path} {status}"), bodies));
            }
        }
    }
    found
}

#[test]
fn every_answer_of_the_document_has_an_example_of_its_own_status() {
    let answers = answers(&whole());
    assert!(answers.len() > 16, "{answers:#?}");
    for (name, examples) in answers {
        assert!(!examples.is_empty(), "{name} has no example");
        for example in examples.iter().filter(|example| example.get("type").is_some()) {
            assert!(name.ends_with(&format!(" {}", example["status"])), "{name}: {example:#}");
        }
    }
}

#[test]
fn an_answer_without_an_example_is_found() {
    let mut document = whole();
    let content = "/paths/~1email/post/responses/502/content/application~1problem+json";
    let content = document.pointer_mut(content).and_then(Value::as_object_mut).expect("its content");
    content.remove("examples");
    let bare: Vec<_> = answers(&document).into_iter().filter(|(_, examples)| examples.is_empty()).collect();
    assert_eq!(bare, [("post /email 502".to_owned(), Vec::new())]);
}

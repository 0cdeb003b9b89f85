//! What generators of clients need: each object has one name, and what a client decides by is a closed set of words.

use serde_json::{Value, json};

use super::document;
use crate::outcome::{Outcome, Reason};

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
fn a_problem_s_type_is_one_of_those_that_the_code_has() {
    let document = whole();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Problem"]["properties"]["type"]["$ref"], "#/components/schemas/ProblemType");
    let types = schemas["ProblemType"]["enum"].as_array().expect("a list");
    assert!(
        types.iter().all(|kind| kind.as_str().is_some_and(|urn| urn.starts_with("urn:smsp:problem:"))),
        "{types:?}"
    );
    assert!(types.contains(&json!("urn:smsp:problem:idempotency-key-reused")), "{types:?}");
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

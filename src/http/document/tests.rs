//! What generators of clients need: each object of the document has one name.

use serde_json::{Value, json};

use super::document;

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

//! What the tests of every document ask: each object has one name, and each answer an example of its own status.

use serde_json::{Value, json};

/// Where an object with properties stands that is no component, and which component has a title beside its name.
pub fn unnamed(document: &Value) -> Vec<String> {
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

/// Answers without an example, and examples of another status than that of their answer.
pub fn without_true_example(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                let examples = examples(response);
                let is_true = |example: &Value| example.get("type").is_none() || example["status"] == number(status);
                if examples.is_empty() || !examples.into_iter().all(is_true) {
                    found.push(format!("{method} {path} {status}"));
                }
            }
        }
    }
    found
}

fn examples(response: &Value) -> Vec<&Value> {
    let content = response["content"].as_object().and_then(|content| content.values().next());
    let named = content.and_then(|content| content["examples"].as_object()).into_iter().flatten();
    let single = content.and_then(|content| content.get("example"));
    named.map(|(_, example)| &example["value"]).chain(single).collect()
}

fn number(status: &str) -> Value {
    status.parse::<u16>().unwrap_or_default().into()
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
fn an_answer_without_an_example_of_its_status_is_found() {
    let with = |content: Value| json!({"paths": {"/a": {"get": {"responses": {"502": {"content": content}}}}}});
    let named = |status: u16| json!({"x": {"examples": {"1": {"value": {"type": "urn:t", "status": status}}}}});
    for (content, found) in [
        (named(502), None),
        (json!({"text/plain": {"example": "stopped"}}), None),
        (named(503), Some("get /a 502")),
        (json!({"x": {}}), Some("get /a 502")),
        (json!({}), Some("get /a 502")),
    ] {
        assert_eq!(without_true_example(&with(content)), Vec::from_iter(found));
    }
}

//! Each part of a call that a document names may be named in the log, too: one that is forgotten would stand there as `*`.

use std::collections::BTreeSet;

use serde_json::Value;
use smsp::delivery::provider;
use smsp::ingress::{admin, api, compat};

/// The names of headers, parameters of a query and members of a body, of all calls of this document.
fn names(document: &Value) -> BTreeSet<String> {
    let calls = document["paths"].as_object().expect("paths").values().filter_map(Value::as_object);
    let mut names = BTreeSet::new();
    for call in calls.flat_map(|path| path.values()).filter(|call| call.is_object()) {
        let parameters = call["parameters"].as_array().into_iter().flatten();
        let given = parameters.filter(|parameter| matches!(parameter["in"].as_str(), Some("header" | "query")));
        names.extend(given.filter_map(|parameter| parameter["name"].as_str()).map(str::to_owned));
        let contents = call["requestBody"]["content"].as_object().into_iter().flatten();
        contents.for_each(|(_, content)| add_members(document, &content["schema"], &mut names));
    }
    names
}

/// The members of what has this schema, and of what is in it.
fn add_members(document: &Value, schema: &Value, names: &mut BTreeSet<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let referred = document.pointer(reference.trim_start_matches('#')).expect("a schema");
        return add_members(document, referred, names);
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        names.insert(name.clone());
        add_members(document, member, names);
    }
    let alternatives = ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|word| schema[word].as_array()).flatten();
    alternatives.chain(schema.get("items")).for_each(|schema| add_members(document, schema, names));
}

#[test]
fn each_header_parameter_and_member_of_a_document_is_a_name_that_the_log_may_tell() {
    let table = provider::table();
    let documents = [
        (api::document(&table), vec![&api::FIELD_NAMES[..]], ["X-SMSP-Fallback", "filename"]),
        (compat::document(), vec![&compat::FIELD_NAMES[..]], ["client_id", "submission_id"]),
        (admin::document(), vec![&api::FIELD_NAMES[..], &admin::FIELD_NAMES[..]], ["limit", "override"]),
    ];
    for (document, known, expected) in documents {
        let names = names(&serde_json::to_value(document).expect("a document is JSON"));
        assert!(expected.iter().all(|name| names.contains(*name)), "{names:?}");
        let forgotten: Vec<_> =
            names.iter().filter(|name| !known.iter().any(|known| known.contains(&name.as_str()))).collect();
        assert!(forgotten.is_empty(), "add to FIELD_NAMES: {forgotten:?}");
    }
}

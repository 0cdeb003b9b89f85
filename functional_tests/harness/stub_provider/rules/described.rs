//! The rules of a kind whose `document.json` describes the form of a request: which fields there are, and of which type.
//!
//! A form is `"text"`, `"flag"` or `"number"`; `[form]`, a list; `{"*": form}`, names of the caller's; or an object of these
//! names and no others, of which those that end with `?` may be absent. Deliberately absent: lengths and marks, which a file of
//! rules in Rust can tell.

use serde_json::{Map, Value};

use super::checks::{Broken, Verdict, json};
use crate::harness::Request;
use crate::harness::document::Document;
use crate::harness::{documents, kinds};

/// The document whose requests have this target, if one describes their form.
pub(super) fn of(target: &str) -> Option<Document> {
    let path = target.split_once(' ').map_or(target, |(_, path)| path);
    let documents = kinds::over_http().map(|kind| Document::of(kind.name));
    documents.into_iter().find(|document| document.get("request")["path"] == path)
}

/// What a request breaks of the form that its document describes.
pub(super) fn broken(request: &Request) -> Option<Broken> {
    let document = of(&request.target)?;
    let rule = json(request).and_then(|mail| check(&document.get("request")["form"], &mail, "mail")).err()?;
    let refusal = documents::refusal(&document, &rule);
    Some(Broken { rule, refusal })
}

/// Has the value this form? `place` says where it stands.
pub(crate) fn check(form: &Value, value: &Value, place: &str) -> Verdict {
    match (form, value) {
        (Value::Array(of), Value::Array(items)) => {
            let each = of.first().unwrap_or(&Value::Null);
            items.iter().enumerate().try_for_each(|(at, item)| check(each, item, &format!("{place}.{at}")))
        }
        (Value::Object(fields), Value::Object(members)) => check_members(fields, members, place),
        (Value::String(name), value) if name == type_of(value) => Ok(()),
        _ => Err(format!("{place}: not of the expected type")),
    }
}

fn check_members(fields: &Map<String, Value>, members: &Map<String, Value>, place: &str) -> Verdict {
    let missing = |name: &&String| !name.ends_with(['?', '*']) && !members.contains_key(*name);
    if let Some(missing) = fields.keys().find(missing) {
        return Err(format!("{place}.{missing}: required"));
    }
    members.iter().try_for_each(|(name, member)| {
        let form = fields.get(name).or_else(|| fields.get(&format!("{name}?"))).or_else(|| fields.get("*"));
        check(form.ok_or(format!("{place}.{name}: not a field"))?, member, &format!("{place}.{name}"))
    })
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "text",
        Value::Bool(_) => "flag",
        Value::Number(_) => "number",
        _ => "none of these",
    }
}

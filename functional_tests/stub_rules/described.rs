//! The forms that a `document.json` describes: a request that lacks a field, has another or one of another type is refused.

use serde_json::{Value, json};
use smsp::delivery::provider::Kind;

use super::golden_request::{broken, golden_request};
use crate::harness::document::Document;
use crate::harness::kinds;
use crate::harness::stub_provider::rules::described::check;

/// The kinds whose document describes a form.
pub(super) fn kinds() -> impl Iterator<Item = &'static Kind> {
    kinds::over_http().filter(|kind| Document::of(kind.name).get("request").is_object())
}

/// The golden request with each field taken away that is needed, each of another type, and one more.
fn breaks(form: &Value, mail: &Value) -> Vec<Value> {
    let fields = form.as_object().expect("a form of fields");
    let without = |name: &String| {
        let mut mail = mail.clone();
        mail.as_object_mut().expect("an object").remove(name);
        mail
    };
    let with = |name: &str, value: Value| {
        let mut mail = mail.clone();
        mail[name] = value;
        mail
    };
    let needed = fields.keys().filter(|name| !name.ends_with('?')).map(without);
    let other = |value: &Value| if value.is_boolean() { json!(17) } else { json!(true) };
    let of_another_type = mail.as_object().expect("an object").iter().map(|(name, value)| with(name, other(value)));
    needed.chain(of_another_type).chain([with("no_such_field", json!("x"))]).collect()
}

#[test]
fn a_described_golden_request_keeps_its_form_and_each_broken_one_is_refused() {
    for kind in kinds() {
        let (target, body) = golden_request(&format!("{}.txt", kind.name));
        let mail: Value = serde_json::from_str(&body).unwrap_or_else(|e| panic!("{}: {e}", kind.name));
        assert_eq!(broken(&target, &mail), None, "{}", kind.name);
        for other in breaks(&Document::of(kind.name).get("request")["form"], &mail) {
            assert!(broken(&target, &other).is_some(), "{} takes {other}", kind.name);
        }
    }
}

#[test]
fn a_form_takes_its_fields_and_no_others() {
    let form = json!({"from": "text", "to": ["text"], "test?": "flag", "headers?": {"*": "text"}, "files?": [{"n": "number"}]});
    let mail = json!({"from": "a", "to": ["b"], "test": true, "headers": {"X-A": "1"}, "files": [{"n": 1}]});
    assert_eq!(check(&form, &mail, "mail"), Ok(()));
    assert_eq!(check(&form, &json!({"from": "a", "to": []}), "mail"), Ok(()));
    for (field, value, rule) in [
        ("from", json!(1), "mail.from: not of the expected type"),
        ("to", json!(["b", null]), "mail.to.1: not of the expected type"),
        ("headers", json!({"X-A": 1}), "mail.headers.X-A: not of the expected type"),
        ("files", json!([{}]), "mail.files.0.n: required"),
        ("color", json!("red"), "mail.color: not a field"),
    ] {
        let mut other = mail.clone();
        other[field] = value;
        assert_eq!(check(&form, &other, "mail"), Err(rule.to_owned()));
    }
    assert_eq!(check(&form, &json!({"from": "a"}), "mail"), Err("mail.to: required".to_owned()));
}

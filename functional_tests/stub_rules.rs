//! The rules that the stubs hold mail to: every golden request keeps them, and each one that is broken is refused.

mod violations;
mod described;
mod golden_request;
mod mailgun;

use serde_json::Value;

use crate::harness::raw::Raw;
use crate::harness::stub_provider::rules;
use crate::harness::{StubProvider, kinds};
use golden_request::{broken, golden_request};

/// Sets what stands at this place, or takes it away.
fn set(mail: &mut Value, place: &str, value: &Value) {
    let (parent, name) = place.rsplit_once('/').expect("a place below another");
    match mail.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}")) {
        Value::Object(members) if value.is_null() => drop(members.remove(name)),
        Value::Object(members) => drop(members.insert(name.to_owned(), value.clone())),
        Value::Array(items) if name == "-" => items.push(value.clone()),
        Value::Array(items) => items[name.parse::<usize>().expect("a number")] = value.clone(),
        other => panic!("{parent} is {other}"),
    }
}

#[test]
fn every_kind_that_speaks_http_has_rules() {
    for kind in kinds::over_http() {
        let (target, _) = golden_request(&format!("{}.txt", kind.name));
        assert!(rules::are_known(&target), "{}: {target} has no rules in harness/stub_provider/rules", kind.name);
    }
}

#[test]
fn the_golden_requests_keep_the_rules_and_each_broken_one_is_refused() {
    for (kind, breaks) in violations::all() {
        let (target, body) = golden_request(&format!("{kind}.txt"));
        let mail: Value = serde_json::from_str(&body).unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert_eq!(broken(&target, &mail), None, "{kind}");
        for (changes, rule) in breaks {
            let mut mail = mail.clone();
            changes.iter().for_each(|(place, value)| set(&mut mail, place, value));
            let said = broken(&target, &mail).unwrap_or_else(|| panic!("{kind} takes {changes:?}"));
            assert!(said.contains(rule), "{kind}: {changes:?}: {said}");
        }
    }
}

#[test]
fn every_kind_has_rules_that_were_seen_broken() {
    let mut seen: Vec<_> = violations::all().into_iter().map(|(kind, _)| kind).collect();
    seen.push("mailgun");
    seen.extend(described::kinds().map(|kind| kind.name));
    seen.sort_unstable();
    let mut kinds: Vec<_> = kinds::over_http().map(|kind| kind.name).collect();
    kinds.sort_unstable();
    assert_eq!(seen, kinds);
}

/// Hands a stub that takes everything what SendGrid does not take.
async fn given_what_sendgrid_refuses() -> (StubProvider, String) {
    let stub = StubProvider::mailgun().await;
    let mut connection = Raw::connect(stub.address()).await;
    let body = r#"{"personalizations": []}"#;
    connection.write(&format!("POST /v3/mail/send HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}", body.len())).await;
    let answer = connection.read_until("}]}").await;
    (stub, answer)
}

#[tokio::test]
async fn a_stub_that_is_to_take_a_mail_refuses_it_as_its_provider_would() {
    let (stub, answer) = given_what_sendgrid_refuses().await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains(r#"{"errors":[{"#), "{answer}");
    let rules = stub.take_broken_rules();
    assert_eq!(rules, ["POST /v3/mail/send: mail.from: required"], "{answer}");
}

#[tokio::test]
async fn a_test_in_which_a_mail_breaks_a_rule_fails() {
    let (stub, _) = given_what_sendgrid_refuses().await;
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(stub)));
    assert!(failed.is_err(), "the stub went without a word");
}

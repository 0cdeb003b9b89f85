//! An answer as the golden file has it: what differs from run to run is replaced.

use serde_json::{Value, json};

use crate::harness::Answer;

/// The call that sends a mail.
pub(super) const SEND: &str = "POST /email";
pub(super) const HEALTHCHECK: &str = "GET /healthcheck";

/// What stands for ids that are new in every run.
const ID: &str = "01a21648-c217-7484-8bb9-6404cd0bad53";
const REQUEST_ID: &str = "01a21648-c216-7b02-a1d5-3e90b7c1f4a8";

/// The answer to a call, with what differs from run to run put in its place.
pub(super) fn shown(call: &str, title: &str, answer: &Answer) -> Value {
    let mut text = answer.text.clone();
    for (pointer, stands) in [("/id", ID), ("/request_id", REQUEST_ID)] {
        if let Some(own) = answer.at(pointer).as_str() {
            text = text.replace(own, stands);
        }
    }
    let mut body: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in {answer}"));
    for attempt in body.get_mut("attempts").and_then(Value::as_array_mut).into_iter().flatten() {
        // What a provider cannot carry is not offered to it, and that takes no time.
        attempt["duration_ms"] = json!(if attempt["outcome"] == "not_capable" { 0 } else { 120 });
    }
    for place in body.get_mut("plan").and_then(Value::as_array_mut).into_iter().flatten() {
        if !place["next_probe_s"].is_null() {
            place["next_probe_s"] = json!(4);
        }
    }
    let mut shown = json!({"call": call, "title": title, "status": answer.status, "body": body});
    if answer.header("retry-after").is_some() {
        shown["headers"] = json!({"retry-after": "{seconds}"});
    }
    shown
}

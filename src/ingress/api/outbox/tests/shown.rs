//! Answers as the golden file has them: with what differs from run to run put in its place.

use serde_json::{Value, json};

use super::fixture::Answer;
use crate::service::outbox::fake::NOW;

pub(super) const ID: &str = "01a21648-c217-7484-8bb9-6404cd0bad53";
const REQUEST_ID: &str = "01a21648-c216-7b02-a1d5-3e90b7c1f4a8";

/// An answer to this call.
pub(super) fn shown(call: &str, title: &str, answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    replace(&mut body);
    json!({"call": call, "title": title, "status": answer.status.as_u16(), "body": body})
}

fn replace(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(replace),
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "id" | "value" => *member = json!(ID),
                    "request_id" => *member = json!(REQUEST_ID),
                    "send_at" | "next_attempt_at" if *member != NOW.to_string() => {
                        *member = json!("2026-11-24T18:00:00.000Z");
                    }
                    "retry_after_s" => *member = json!(30),
                    "expires_at" => *member = json!("2026-11-26T18:00:00.000Z"),
                    _ => replace(member),
                }
            }
        }
        _ => {}
    }
}

/// With the name that an upstream might have, and a time.
pub(super) fn of_upstream(call: &str, title: &str, answer: &Answer) -> Value {
    let mut shown = shown(call, title, answer);
    let body = &mut shown["body"];
    if let Some(upstream) = body.get_mut("upstream") {
        *upstream = json!("mg");
    }
    for attempt in body["attempts"].as_array_mut().into_iter().flatten() {
        (attempt["provider"], attempt["duration_ms"]) = (json!("mg"), json!(120));
    }
    shown
}

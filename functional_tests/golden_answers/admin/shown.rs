//! An answer of the admin listener as the golden file has it: what differs from run to run is replaced.

use serde_json::{Value, json};

use crate::golden_answers::normalized;
use crate::harness::Answer;

/// The answer to a call, with what differs from run to run put in its place.
pub(super) fn shown(call: &str, title: &str, answer: &Answer) -> Value {
    if answer.json.is_null() {
        return json!({"call": call, "title": title, "status": answer.status, "body": answer.text});
    }
    let mut shown = normalized::shown(call, title, answer);
    replace(&mut shown["body"]);
    shown
}

/// Puts plausible values in the place of times, shares and ports. A circuit that was reset has been so for no time.
fn replace(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let was_reset = members.get("reason").is_some_and(|reason| reason == "reset");
            let is_sender = members.contains_key("domain");
            for (name, member) in members.iter_mut().filter(|(_, member)| !member.is_null()) {
                match name.as_str() {
                    "for_ms" if is_sender => *member = json!(581_000),
                    "for_ms" if was_reset => *member = json!(0),
                    "for_ms" | "outage_ms" => *member = json!(2_100),
                    "share_last_minute" => *member = json!(0.5),
                    "next_probe_in_ms" => *member = json!(3_400),
                    "override_ends_in_ms" => *member = json!(7_200_000),
                    "at" | "override_since" => *member = json!("2026-11-21T22:05:09.123Z"),
                    "from" => *member = json!("127.0.0.1:50412"),
                    _ => replace(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(replace),
        _ => {}
    }
}

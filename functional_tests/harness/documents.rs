//! What a kind's provider answers, as its document shows it (`src/delivery/provider/<name>/document.json`).

use serde_json::Value;
use smsp::delivery::provider::Kind;

use super::document::{self, Document};
use super::{Reply, Request};

/// Takes this mail as the provider does.
pub(crate) fn acceptance(kind: &str, request: &Request) -> Reply {
    let addresses = addresses(request);
    let addresses: Vec<_> = addresses.iter().map(String::as_str).collect();
    reply(&Document::of(kind).accepted(&addresses).swap_remove(0))
}

/// Takes this probe as the provider does.
pub(crate) fn acceptance_of_probe(kind: &str, request: &Request) -> Reply {
    let addresses = addresses(request);
    let addresses: Vec<_> = addresses.iter().map(String::as_str).collect();
    reply(&Document::of(kind).accepted_probes(&addresses).swap_remove(0))
}

/// Refuses a mail that breaks this rule.
pub(crate) fn refusal(document: &Document, rule: &str) -> Reply {
    let refused = document.get("refused");
    let code = refused["code"].as_str().unwrap_or_default();
    json(document::status(refused), &document.refused(code, rule))
}

/// What the provider calls a mail.
pub(crate) fn id(kind: &Kind) -> String {
    Document::of(kind.name).get("id").as_str().expect("an id").to_owned()
}

/// By what a probe that is sent to nobody can be told from a mail; none, where every probe is a mail.
pub(crate) fn mark_of_probe(kind: &Kind) -> Option<String> {
    Document::of(kind.name).get("probe")["mark"].as_str().map(str::to_owned)
}

fn reply(example: &Value) -> Reply {
    let headers = example["headers"].as_object().into_iter().flatten();
    let reply = json(document::status(example), &document::body(example));
    headers.fold(reply, |reply, (name, value)| reply.with(name, value.as_str().expect("a header is text")))
}

fn json(status: u16, body: &str) -> Reply {
    Reply::new(status, body).with("content-type", "application/json")
}

/// Everything in a body of JSON that may be an address, the recipients among it.
fn addresses(request: &Request) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(body) = serde_json::from_slice(request.body()) {
        gather(&body, &mut found);
    }
    found
}

fn gather(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() < 1000 => {
            let words = text.split([' ', ',', ';', '<', '>']).filter(|word| word.contains('@'));
            found.extend(words.map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        Value::Object(members) => members.values().for_each(|member| gather(member, found)),
        _ => {}
    }
}

//! A golden request, and the rule that a changed one breaks.

use serde_json::Value;

use crate::harness::stub_provider::rules;
use crate::harness::{Request, golden};

/// What stands for our id.
const ID: &str = "01980000-0000-7000-8000-000000000000";

/// A golden request: its target, and the body behind its headers.
pub(super) fn golden_request(name: &str) -> (String, String) {
    let text = std::fs::read_to_string(golden::path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let (head, body) = text.split_once("\n\n").unwrap_or_else(|| panic!("{name} has no body"));
    (head.lines().next().unwrap_or_default().to_owned(), body.replace("{id}", ID))
}

/// What a body in JSON breaks.
pub(super) fn broken(target: &str, body: &Value) -> Option<String> {
    let request = Request::of(target, &[("content-type", "application/json")], body.to_string().into_bytes());
    rules::broken(&request).map(|broken| broken.rule)
}

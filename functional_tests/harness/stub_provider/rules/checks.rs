//! What the rules of several providers are written with.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{Reply, Request};

/// What a mail breaks, and what its provider says to that.
pub(crate) struct Broken {
    /// In the document's words; a code of the provider's may stand before them in brackets.
    pub(crate) rule: String,
    pub(crate) refusal: Reply,
}

/// Nothing, or the rule that is broken.
pub(super) type Verdict = Result<(), String>;

pub(super) fn demand(holds: bool, rule: &str) -> Verdict {
    if holds { Ok(()) } else { Err(rule.to_owned()) }
}

/// The code in brackets before a rule, and the rule.
pub(super) fn coded<'a>(rule: &'a str, usual: &'a str) -> (&'a str, &'a str) {
    rule.strip_prefix('[').and_then(|rest| rest.split_once("] ")).unwrap_or((usual, rule))
}

pub(super) fn json(request: &Request) -> Result<Value, String> {
    serde_json::from_slice(request.body()).map_err(|e| format!("the body is not JSON: {e}"))
}

pub(super) fn is_unique(items: impl IntoIterator<Item = String>) -> bool {
    let mut seen = BTreeSet::new();
    items.into_iter().all(|item| seen.insert(item))
}

/// The texts in this place of each of a list.
pub(super) fn each<'a>(list: &'a Value, place: &'a str) -> impl Iterator<Item = &'a str> {
    list.as_array().into_iter().flatten().filter_map(move |item| item.pointer(place)?.as_str())
}

/// The texts of an object, by name.
pub(super) fn pairs(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    let members = object.as_object().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
}

/// Does the name of a file end like one of these?
pub(super) fn ends_in(name: &str, endings: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| endings.split_ascii_whitespace().any(|known| known == ending))
}

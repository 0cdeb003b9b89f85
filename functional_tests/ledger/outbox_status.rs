//! What the outbox says of a mail, against how often providers took it.

use crate::harness::Answer;

/// What is wrong with a mail of which `GET /outbox/{id}` says this.
pub(super) fn fault(shown: &Answer, taken: usize) -> Option<&'static str> {
    if shown.status != 200 {
        return Some("was accepted, and is lost");
    }
    let may_be_double = shown.json["possible_duplicate"] == true;
    match (shown.json["status"].as_str(), taken) {
        (_, 2..) if !may_be_double => Some("was taken twice"),
        (Some("accepted"), 0) => Some("is lost"),
        (Some("accepted"), _) => None,
        (Some("unknown"), _) => (!has_a_reason(shown)).then_some("is unknown for no reason"),
        (_, 0) => None,
        _ => Some("was taken, and they say that nobody has it"),
    }
}

/// Is it unknown because of a hand-over without a clear end?
fn has_a_reason(shown: &Answer) -> bool {
    outcomes(shown).any(|outcome| outcome.is_none_or(|outcome| outcome == "unknown"))
}

/// What its hand-overs came to; nothing where a crash has cut one off.
pub(super) fn outcomes(shown: &Answer) -> impl Iterator<Item = Option<&str>> {
    let attempts = shown.json["attempts"].as_array().into_iter().flatten();
    attempts.map(|attempt| attempt["outcome"].as_str())
}

//! The words that an encoded answer is made of.

use super::names::kept_name;
use crate::model::outcome::{Code, Outcome, Reason, Subject};
use crate::model::receipt::Failure;

const SUBJECTS: [(Subject, &str); 6] = [
    (Subject::Sender, "sender"),
    (Subject::Recipient, "recipient"),
    (Subject::Content, "content"),
    (Subject::Size, "size"),
    (Subject::Account, "account"),
    (Subject::System, "system"),
];
const UNKNOWN: &str = "unknown";
const PANICKED: &str = "panicked";
const QUEUE_UNCLEAR: &str = "queue_unclear";

/// The word for an answer that says `unknown`; none other is kept.
pub(super) fn failure(failure: Failure) -> &'static str {
    match failure {
        Failure::Panicked => PANICKED,
        Failure::QueueUnclear { .. } => QUEUE_UNCLEAR,
        _ => UNKNOWN,
    }
}

pub(super) fn failure_of(word: &str) -> Option<Failure> {
    match word {
        UNKNOWN => Some(Failure::Unknown),
        PANICKED => Some(Failure::Panicked),
        // The wait that was advised is over.
        QUEUE_UNCLEAR => Some(Failure::QueueUnclear { retry_after: None }),
        _ => None,
    }
}

pub(super) fn outcome(word: &str) -> Option<Outcome> {
    Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word)
}

pub(super) fn reason(word: &str) -> Option<Reason> {
    if let Some(status) = word.strip_prefix("http_") {
        return status.parse().ok().map(Reason::Status);
    }
    if let Some(code) = word.strip_prefix("smtp_") {
        return code.parse().ok().map(Reason::Smtp);
    }
    Reason::NAMED.into_iter().find(|reason| reason.to_string() == word)
}

pub(super) fn subject(subject: Subject) -> &'static str {
    SUBJECTS.iter().find(|(known, _)| *known == subject).map_or("", |(_, word)| word)
}

pub(super) fn subject_of(word: &str) -> Option<Subject> {
    SUBJECTS.iter().find(|(_, known)| *known == word).map(|(subject, _)| *subject)
}

/// Shown as it was written; none where that is no code.
pub(super) fn code(text: &str) -> Option<Code> {
    if let Ok(number) = text.parse::<u32>() {
        return Some(Code::Number(number));
    }
    let parts: Vec<_> = text.split('.').map(str::parse::<u16>).collect();
    if let [Ok(class), Ok(subject), Ok(detail)] = parts[..] {
        return Some(Code::Enhanced(class, subject, detail));
    }
    kept_name(text).map(Code::Name)
}

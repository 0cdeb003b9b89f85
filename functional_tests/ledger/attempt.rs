//! The attempts that an answer tells of.

use super::record::Sent;

/// One line of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attempt {
    pub(super) upstream: String,
    pub(super) outcome: String,
    pub(super) reason: String,
    pub(super) millis: u64,
}

impl Attempt {
    /// Was the mail handed over, or was it spared the way?
    pub(super) fn is_real(&self) -> bool {
        !["sender_held", "sender_not_allowed", "rate_spent", "recipients", "size", "deadline"]
            .contains(&self.reason.as_str())
    }

    pub(super) fn is(&self, outcomes: &[&str]) -> bool {
        outcomes.iter().any(|outcome| format!("{}:{}", self.outcome, self.reason).starts_with(outcome))
    }

    /// Was it given up without an answer, whose fault that may be?
    pub(super) fn has_timed_out(&self) -> bool {
        self.is(&["unknown:timeout", "unknown:still_sending"])
    }
}

/// The attempts of one answer.
pub(super) fn of(sent: &Sent) -> Vec<Attempt> {
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let attempts = sent.answer.json["attempts"].as_array().cloned().unwrap_or_default();
    let read = |a: &serde_json::Value| Attempt {
        upstream: word(&a["provider"]),
        outcome: word(&a["outcome"]),
        reason: word(&a["reason"]),
        millis: a["duration_ms"].as_u64().unwrap_or_default(),
    };
    attempts.iter().map(read).collect()
}

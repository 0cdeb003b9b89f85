//! I1, I3, I6 and I7 of single attempts: each line of a receipt against what that provider did.

use super::book::{Arrival, Index, Ledger, Rule, Sent};

/// One line of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attempt {
    pub(super) upstream: String,
    pub(super) outcome: String,
    pub(super) reason: String,
}

impl Attempt {
    /// Was the mail handed over, or was it spared the way?
    pub(super) fn is_real(&self) -> bool {
        !["sender_held", "recipients", "size", "deadline"].contains(&self.reason.as_str())
    }

    fn is(&self, outcomes: &[&str]) -> bool {
        outcomes.iter().any(|outcome| format!("{}:{}", self.outcome, self.reason).starts_with(outcome))
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
    };
    attempts.iter().map(read).collect()
}

/// Judges every attempt, and that no provider saw a mail of which the receipt says nothing.
pub(super) fn check(ledger: &Ledger, index: &Index<'_>, note: &mut impl FnMut(Rule, String)) {
    for sent in &ledger.sent {
        let attempts = of(sent);
        let arrivals = index.get(&sent.number).map(Vec::as_slice).unwrap_or_default();
        for (account, _) in arrivals {
            let name = ledger.accounts[*account].name;
            if !attempts.iter().any(|attempt| attempt.upstream == name && attempt.is_real()) {
                note(Rule::I6, format!("mail {} reached {name} and does not say so\n{}", sent.number, sent.answer));
            }
        }
        for attempt in attempts.iter().filter(|attempt| attempt.is_real()) {
            let here = |(account, _): &&(usize, &Arrival)| ledger.accounts[*account].name == attempt.upstream;
            let here: Vec<_> = arrivals.iter().filter(here).map(|(_, arrival)| *arrival).collect();
            if let Some((rule, fault)) = fault(attempt, &here, ledger.was_cut(sent)) {
                note(rule, format!("mail {}: {attempt:?} {fault}: {here:?}\n{}", sent.number, sent.answer));
            }
        }
    }
}

fn fault(attempt: &Attempt, arrivals: &[&Arrival], was_cut: bool) -> Option<(Rule, &'static str)> {
    let accepted = arrivals.iter().any(|arrival| arrival.accepted);
    // The machine may have been too slow for any answer, and a cut may strike anywhere.
    let excused = attempt.is(&["unknown:timeout"]) || (was_cut && attempt.outcome == "unknown");
    match attempt.outcome.as_str() {
        "accepted" if !accepted => Some((Rule::I1, "was not accepted there")),
        "accepted" | "unknown" => (!excused && !arrivals.is_empty() && !expected(attempt, arrivals))
            .then_some((Rule::I7, "is not what that provider did")),
        _ if accepted => Some((Rule::I3, "was accepted there")),
        "unavailable" if arrivals.is_empty() => None,
        _ if arrivals.is_empty() => Some((Rule::I6, "never came there")),
        _ => (!expected(attempt, arrivals)).then_some((Rule::I7, "is not what that provider did")),
    }
}

fn expected(attempt: &Attempt, arrivals: &[&Arrival]) -> bool {
    arrivals.iter().any(|arrival| attempt.is(arrival.outcomes))
}

//! I10: of a mail to many, each recipient is told of as the provider did, and `partial` says that some were not taken.

use serde_json::Value;

use super::calls;
use super::fates::{Fate, Fates};
use super::record::{Index, Ledger};
use super::rule::Rule;
use crate::harness::Answer;

/// Judges every call by what the provider that took its mail did with each recipient.
pub(super) fn check(ledger: &Ledger, index: &Index<'_>, note: &mut impl FnMut(Rule, String)) {
    for call in calls::all(ledger, index) {
        let taker = call.sent.answer.json["provider"].as_str().unwrap_or_default();
        let mut taken =
            call.arrivals.iter().filter(|(at, arrival)| arrival.accepted && ledger.accounts[*at].name == taker);
        let fates = taken.next_back().and_then(|(_, arrival)| arrival.fates.as_ref());
        for fault in faults(&call.sent.answer, fates) {
            note(Rule::I10, format!("mail {} {fault}; {fates:?}\n{}", call.sent.number, call.sent.answer));
        }
    }
}

/// What is wrong with an answer to a mail of which the provider that took it did this. Without fates it was taken whole.
pub(crate) fn faults(answer: &Answer, fates: Option<&Fates>) -> Vec<String> {
    let told = answer.json["recipients"].as_array();
    let partial = answer.json["partial"] == true;
    let Some(fates) = fates.filter(|fates| answer.status == 200 && fates.is_partial()) else {
        let silent = told.is_none() && answer.json["partial"].is_null();
        return if silent { Vec::new() } else { vec!["was not taken in part, and says so".to_owned()] };
    };
    let told = told.map(Vec::as_slice).unwrap_or_default();
    let mut faults: Vec<_> = told.iter().filter_map(|recipient| fault(recipient, fates)).collect();
    if !partial {
        faults.push("was taken in part, and does not say so".to_owned());
    }
    let mut named: Vec<_> = told.iter().filter_map(|recipient| recipient["email"].as_str()).collect();
    named.sort_unstable();
    if !named.iter().copied().eq(fates.of.keys().map(String::as_str)) {
        faults.push(format!("tells of {named:?} alone"));
    }
    faults
}

fn fault(recipient: &Value, fates: &Fates) -> Option<String> {
    let email = recipient["email"].as_str()?;
    let fate = fates.of.get(email)?;
    let expected = match fate {
        _ if !fates.tells => "unknown",
        Fate::Taken => "accepted",
        Fate::Refused => "message_rejected",
        Fate::Deferred => "deferred",
    };
    let right = recipient["outcome"] == expected && recipient["retryable"] == (expected == "deferred");
    (!right).then(|| format!("has {email} {fate:?}, and says {recipient}"))
}

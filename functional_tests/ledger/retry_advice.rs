//! I9: a caller is asked to call again only where that may succeed and sends nothing twice, and is told when.

use super::attempt;
use super::record::{Failover, Ledger, Sent};
use super::rule::Rule;

/// The longest wait that makes sense to a caller.
const LONGEST: u64 = 3600;

/// Judges every answer.
pub(super) fn check(ledger: &Ledger, note: &mut impl FnMut(Rule, String)) {
    for sent in ledger.every() {
        if let Some(fault) = fault(sent).or_else(|| hope(ledger, sent)) {
            note(Rule::I9, format!("mail {} {fault}\n{}", sent.number, sent.answer));
        }
    }
}

/// What is wrong with an answer of any provider.
pub(crate) fn fault(sent: &Sent) -> Option<&'static str> {
    retryable(sent).or_else(|| retry_after(sent))
}

fn retryable(sent: &Sent) -> Option<&'static str> {
    let told = &sent.answer.json["retryable"];
    match (sent.answer.status, told.as_bool()) {
        (200, None) if told.is_null() => None,
        (200, _) => Some("was accepted, and may be sent again, they say"),
        (_, None) => Some("does not say whether it may be sent again"),
        (_, Some(true)) if sent.delivery() != Some("none") => Some("may be somewhere, and be sent again, they say"),
        // A mail that was queued, while the store cannot tell where it is now.
        (503, Some(false)) if sent.delivery() == Some("unknown") => None,
        (408 | 429 | 503, Some(retryable)) => (!retryable).then_some("was refused for now, and is final, they say"),
        (502, Some(retryable)) => of_refusals(sent, retryable),
        (_, Some(retryable)) => retryable.then_some("was refused for good, and may be sent again, they say"),
    }
}

/// One that was out of reach may be there next time; and where no other was to be asked, the next call may go to another.
fn of_refusals(sent: &Sent, retryable: bool) -> Option<&'static str> {
    let out_of_reach = attempt::of(sent).iter().any(|attempt| attempt.outcome == "unavailable");
    match retryable {
        false => out_of_reach.then_some("met one that was out of reach, and is final, they say"),
        true if sent.failover == Failover::Never => None,
        true => (!out_of_reach).then_some("was refused by all, and may be sent again, they say"),
    }
}

fn retry_after(sent: &Sent) -> Option<&'static str> {
    let told = sent.answer.header("retry-after");
    let wait = told.and_then(|told| told.parse().ok()).filter(|wait| (1..=LONGEST).contains(wait));
    match sent.answer.status {
        429 | 503 => wait.is_none().then_some("is not told when to come again"),
        _ => told.is_some().then_some("is told to come again, and has no need to"),
    }
}

/// With no time, room or provider for now there must be one who may take it later: who has not been asked, or put it off.
fn hope(ledger: &Ledger, sent: &Sent) -> Option<&'static str> {
    if sent.answer.json["type"] != "urn:smsp:problem:temporarily-unavailable" {
        return None;
    }
    let attempts = attempt::of(sent);
    let later = |outcome: &str| ["throttled", "deferred", "cancelled"].contains(&outcome);
    let untried = |name: &str| attempts.iter().all(|attempt| attempt.upstream != name);
    let hope = attempts.iter().any(|attempt| later(&attempt.outcome))
        || ledger
            .accounts
            .iter()
            .enumerate()
            .any(|(account, known)| untried(known.name) && ledger.allows(sent.number, account));
    (!hope).then_some("is to come again, and all have refused it for good")
}

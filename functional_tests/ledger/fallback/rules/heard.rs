//! F7 and F8, and of the ledger's own rules I5 and I9: what the callers of one mail hear, one after the other.

use super::super::super::retry_advice;
use super::super::super::rule::Rule;
use super::super::call::{Call, Told};
use super::super::history::{History, Run};

pub(super) fn faults(run: &Run, mail: &History) -> Vec<(Rule, &'static str)> {
    let mut found: Vec<_> = mail.calls.iter().filter_map(|call| strange(run, call)).collect();
    if !mail.unanswered.is_empty() {
        found.push((Rule::I5, "has a caller without an answer"));
    }
    let pairs = mail.calls.iter().flat_map(|before| mail.calls.iter().map(move |after| (before, after)));
    let mut pairs = pairs.filter(|(before, after)| before.to < after.from);
    if let Some(fault) = pairs.find_map(|(before, after)| less(run, mail, before, after)) {
        found.push((Rule::F7, fault));
    }
    let in_flight = || mail.told(Told::InFlight);
    let away = mail.calls.iter().any(|call| run.store_was_away(call));
    if !away && in_flight().any(|call| !may_be_in_flight(mail, call)) {
        found.push((Rule::F8, "is in flight, they say, and no other call of it is"));
    }
    if in_flight().any(|call| call.word("delivery") != Some("none") || call.header("retry-after").is_none()) {
        found.push((Rule::F8, "is in flight, and they do not say what that means"));
    }
    if mail.calls.iter().max_by_key(|call| call.to).is_some_and(|last| last.told() == Told::InFlight) {
        found.push((Rule::F8, "is in flight for ever, they say"));
    }
    found
}

/// An answer that is none of the API.
fn strange(run: &Run, call: &Call) -> Option<(Rule, &'static str)> {
    let sent = call.sent.as_ref()?;
    let is_known = match call.told() {
        Told::Accepted => sent.answer.status == 200,
        Told::Queued => sent.answer.status == 202,
        Told::None => matches!(sent.answer.status, 422 | 502 | 503) || call.is_replayed(),
        Told::Unknown => sent.answer.status == 504 || sent.answer.status == 503 && run.store_was_away(call),
        Told::InFlight | Told::CutOff => true,
    };
    if !is_known {
        return Some((Rule::I5, "was answered strangely"));
    }
    let has_advice = match call.told() {
        // What has become of a queued mail, its repeats hear: that they cannot repeat it.
        Told::None => !call.is_replayed(),
        Told::Queued | Told::InFlight => false,
        _ => true,
    };
    retry_advice::fault(sent).filter(|_| has_advice).map(|fault| (Rule::I9, fault))
}

/// Does the later of two calls hear less than the earlier one?
fn less(run: &Run, mail: &History, before: &Call, after: &Call) -> Option<&'static str> {
    let ended_none = mail.outbox_word("delivery") == Some("none");
    match (before.told(), after.told()) {
        (_, Told::InFlight | Told::CutOff) | (Told::None | Told::InFlight | Told::CutOff, _) => None,
        // The store may not have heard of the one, and may not be there for the other.
        (Told::Accepted, Told::Unknown) if run.store_was_away(before) => None,
        (_, Told::None | Told::Unknown) if run.store_was_away(after) => None,
        (Told::Accepted, Told::Accepted) => (before.word("provider") != after.word("provider"))
            .then_some("was accepted by one, and then by another one"),
        (Told::Accepted, _) => Some("was accepted, and its repeat hears less"),
        (Told::Queued, Told::None) => (!ended_none).then_some("was queued, and is nowhere for its repeat"),
        (Told::Queued, _) | (Told::Unknown, Told::Accepted | Told::Unknown) => None,
        (Told::Unknown, Told::Queued) => (!mail.is_in_outbox()).then_some("was unknown, and is queued for its repeat"),
        (Told::Unknown, Told::None) => Some("was unknown, and is nowhere for its repeat"),
    }
}

/// Is there another call, in another life, that had begun and may not have ended?
fn may_be_in_flight(mail: &History, refused: &Call) -> bool {
    mail.calls.iter().filter(|other| other.at != refused.at).any(|other| {
        let may_last = other.told() == Told::CutOff || refused.from <= other.to;
        other.told() != Told::InFlight && other.from <= refused.to && may_last
    })
}

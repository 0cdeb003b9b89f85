//! F12: what `GET /email/{id}` says of a mail, against the last answer of `POST /email` and what the outbox says.

use super::super::super::rule::Rule;
use super::super::call::{Call, Told};
use super::super::history::{History, Run};
use crate::harness::Answer;

pub(super) fn faults(run: &Run, mail: &History) -> Vec<(Rule, &'static str)> {
    let Some(email) = &mail.email else { return Vec::new() };
    let says_something = |call: &&Call| !matches!(call.told(), Told::InFlight | Told::CutOff);
    let last = mail.calls.iter().filter(says_something).max_by_key(|call| call.to);
    // What the store has not heard of a call is unknown to it.
    let store_was_away = last.is_some_and(|last| run.store_was_away(last));
    let is_unheard = |delivery| email.json["delivery"] == delivery && store_was_away;
    let fault = match last.map(Call::told) {
        Some(Told::Accepted) if is_unheard("unknown") => None,
        // Without a key there is no record before that.
        Some(Told::Unknown) if email.status == 404 && !mail.wants.keyed && store_was_away => None,
        _ if mail.is_in_outbox() => unlike_the_outbox(mail, email),
        // Its row alone would tell of it.
        Some(Told::Unknown) if !mail.wants.keyed && last.is_some_and(Call::may_be_queued) => {
            (email.status != 404).then_some("is shown, and the outbox that may have had it has not")
        }
        Some(Told::Accepted) if mail.wants.keyed => unlike(email, &["accepted"], last),
        Some(Told::Unknown) => unlike(email, &["unknown", "accepted"], None),
        Some(Told::Accepted) => (email.status != 404).then(|| unlike(email, &["accepted"], last)).flatten(),
        Some(Told::None) => (email.status != 404).then(|| unlike(email, &["none"], None)).flatten(),
        Some(Told::Queued) => Some("was queued, and is not in the outbox"),
        _ => None,
    };
    fault.map(|fault| (Rule::F12, fault)).into_iter().collect()
}

/// Is it one of these, and at the upstream that was named?
fn unlike(email: &Answer, deliveries: &[&str], named: Option<&Call>) -> Option<&'static str> {
    let delivery = email.json["delivery"].as_str().unwrap_or_default();
    if email.status != 200 || !deliveries.contains(&delivery) {
        return Some("is something else than the last answer was, when it is looked at");
    }
    let upstream = named.and_then(|call| call.word("provider"));
    let differs = upstream.is_some_and(|upstream| email.json["upstream"] != upstream);
    differs.then_some("is at another upstream, when it is looked at")
}

fn unlike_the_outbox(mail: &History, email: &Answer) -> Option<&'static str> {
    let same = email.status == 200 && email.json["delivery"].as_str() == mail.outbox_word("delivery");
    if !same {
        return Some("is something else than the outbox says, when it is looked at");
    }
    let named = mail.told(Told::Accepted).find_map(|call| call.word("provider"));
    named.filter(|named| email.json["upstream"] != *named).map(|_| "is at another upstream, when it is looked at")
}

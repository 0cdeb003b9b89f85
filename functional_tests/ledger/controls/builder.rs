//! How a ledger is written by hand: mails, what they met, what their callers were told, and calls after the answer.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::harness::Answer;
use crate::ledger::fates::{Fate, Fates};
use crate::ledger::record::{Arrival, Ledger, Sent};
use crate::ledger::way::Way;

pub(in crate::ledger) fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

/// A mail under way: when it was sent and answered, with which status and body.
pub(in crate::ledger) type Answered = (u64, u64, u16, Value);
/// Where it arrived when, whether it was accepted, and what that may be called.
pub(in crate::ledger) type Met = (usize, u64, bool, &'static [&'static str]);

/// The body of an answer, with its attempts as `upstream:outcome:reason`; a 200 names the last upstream.
pub(in crate::ledger) fn told(delivery: Option<&str>, attempts: &[&str]) -> Value {
    let attempt = |text: &&str| {
        let words: Vec<_> = text.split(':').collect();
        json!({"provider": words[0], "outcome": words[1], "reason": words.get(2)})
    };
    let all: Vec<_> = attempts.iter().map(attempt).collect();
    match delivery {
        Some(delivery) => json!({"delivery": delivery, "retryable": false, "attempts": all}),
        None => json!({"delivery": "accepted", "provider": all.last().map(|last| &last["provider"]), "attempts": all}),
    }
}

/// One more mail.
pub(in crate::ledger) fn mail(ledger: &mut Ledger, (from, to, status, json): Answered, met: &[Met]) {
    let number = arrive(ledger, met);
    let (from, to) = (at(from), at(to));
    let answer = Answer { status, headers: HeaderMap::new(), text: String::new(), json };
    let took = to.duration_since(from).expect("an answer comes later");
    ledger.sent.push(Sent::plain(number, [from, to], took, answer));
}

/// One more, with a key.
pub(in crate::ledger) fn keyed(ledger: &mut Ledger, answered: Answered, met: &[Met]) {
    mail(ledger, answered, met);
    last(ledger).keyed = true;
}

/// The mail with the highest number, once more under its key.
pub(in crate::ledger) fn repeat(ledger: &mut Ledger, answered: Answered, met: &[Met]) {
    let number = next(ledger) - 1;
    let mut scratch = Vec::new();
    std::mem::swap(&mut ledger.sent, &mut scratch);
    note(ledger, number, met);
    mail(ledger, answered, &[]);
    let repeat = last(ledger);
    (repeat.number, repeat.keyed) = (number, true);
    std::mem::swap(&mut ledger.sent, &mut scratch);
    ledger.repeats.append(&mut scratch);
}

/// The held answer, heard by one more caller.
pub(in crate::ledger) fn replay(ledger: &mut Ledger, answered: Answered) {
    repeat(ledger, answered, &[]);
    head(ledger.repeats.last_mut().expect("a repeat"), "idempotency-replayed", "true");
}

/// One more line in the head of an answer.
pub(in crate::ledger) fn head(sent: &mut Sent, name: &'static str, value: &'static str) {
    sent.answer.headers.insert(name, HeaderValue::from_static(value));
}

/// What the taker of the last mail did with two recipients.
pub(in crate::ledger) fn fates(ledger: &mut Ledger, [first, second]: [Fate; 2]) {
    let of = BTreeMap::from([("x@a.example".to_owned(), first), ("y@a.example".to_owned(), second)]);
    let all = ledger.accounts.iter_mut().filter_map(|account| account.arrivals.last_mut());
    let last = all.max_by_key(|arrival| arrival.number).expect("an arrival");
    last.fates = Some(Fates { of, tells: true });
}

/// One more mail whose caller did not wait.
pub(in crate::ledger) fn hang_up(ledger: &mut Ledger, met: &[Met]) {
    let number = arrive(ledger, met);
    ledger.hung_up.push(number);
}

fn arrive(ledger: &mut Ledger, met: &[Met]) -> usize {
    let number = next(ledger);
    note(ledger, number, met);
    number
}

fn next(ledger: &Ledger) -> usize {
    ledger.sent.len() + ledger.hung_up.len()
}

fn note(ledger: &mut Ledger, number: usize, met: &[Met]) {
    for (account, millis, accepted, outcomes) in met {
        let arrival = Arrival { number, at: at(*millis), accepted: *accepted, outcomes, fates: None };
        ledger.accounts[*account].arrivals.push(arrival);
    }
}

pub(in crate::ledger) fn last(ledger: &mut Ledger) -> &mut Sent {
    ledger.sent.last_mut().expect("a mail")
}

/// Where the last mail may go, as its answer says.
pub(in crate::ledger) fn go(ledger: &mut Ledger, way: Way) {
    last(ledger).answer.json["rule"] = way.rule.clone().into();
    let number = last(ledger).number;
    ledger.ways.insert(number, way);
}

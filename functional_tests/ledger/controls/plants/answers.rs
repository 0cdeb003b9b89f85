//! Violations of what an answer says beside the outcome: whether and when to call again, which recipients have the mail,
//! and circuits that move for what mails are like.

use super::super::plant::{NONE, Plant, UNKNOWN_};
use super::super::*;
use crate::ledger::record::Rate;

/// What is planted, and what the checker says of it.
pub(super) const PLANTS: [(Rule, &str, Plant); 20] = [
    (Rule::I9, "does not say whether", |l| {
        mail(l, (1, 2, 422, told(NONE, &[])), &[]);
        last(l).answer.json["retryable"].take();
    }),
    (Rule::I9, "was refused for good", |l| retryable(l, (1, 2, 422, told(NONE, &[])))),
    (Rule::I9, "may be somewhere", |l| retryable(l, (1, 2, 504, told(UNKNOWN_, &["b:unknown:lost"])))),
    (Rule::I9, "was accepted, and may be sent again", |l| {
        mail(l, (1, 2, 200, told(None, &["b:accepted"])), &[(1, 1, true, ACCEPTED)]);
        last(l).answer.json["retryable"] = false.into();
    }),
    (Rule::I9, "was refused for now, and is final", |l| {
        not_now(l, "7", &[]);
        last(l).answer.json["retryable"] = false.into();
    }),
    (Rule::I9, "not told when", |l| {
        not_now(l, "7", &[]);
        last(l).answer.headers.clear();
    }),
    (Rule::I9, "not told when", |l| not_now(l, "0", &[])),
    (Rule::I9, "not told when", |l| not_now(l, "3601", &[])),
    (Rule::I9, "not told when", |l| not_now(l, "1.5", &[])),
    (Rule::I9, "has no need to", |l| {
        mail(l, (1, 2, 504, told(UNKNOWN_, &["b:unknown:lost"])), &[]);
        builder::head(last(l), "retry-after", "7");
    }),
    (Rule::I9, "all have refused it for good", |l| {
        not_now(l, "7", &["a:not_capable:size", "b:not_capable:size", "c:not_capable:size"]);
    }),
    (Rule::I9, "out of reach, and is final", |l| {
        mail(l, (1, 2, 502, told(NONE, &["a:unavailable", "b:account_refused"])), &[(1, 1, false, REFUSED)]);
        l.one_was_up = false;
    }),
    (Rule::I9, "was refused by all, and may be sent again", |l| {
        mail(l, (1, 2, 502, told(NONE, &["b:account_refused"])), &[(1, 1, false, REFUSED)]);
        last(l).answer.json["retryable"] = true.into();
        l.one_was_up = false;
    }),
    (Rule::I10, "was taken in part, and does not say so", |l| {
        taken_in_part(l, [Fate::Taken, Fate::Deferred], "/partial")
    }),
    (Rule::I10, "tells of [] alone", |l| taken_in_part(l, [Fate::Taken, Fate::Deferred], "/recipients")),
    (Rule::I10, "was not taken in part, and says so", |l| taken_in_part(l, [Fate::Taken, Fate::Taken], "")),
    (Rule::I10, "has x@a.example Refused", |l| taken_in_part(l, [Fate::Refused, Fate::Taken], "")),
    (Rule::I11, "circuits moved", |l| l.refuses_mails_alone = true),
    (Rule::I12, "kept up the rate and was cut off", |l| cut_off(l, Rate::Kept)),
    (Rule::I12, "missed the rate and was read", |l| {
        mail(l, (1, 2, 200, told(None, &["b:accepted"])), &[(1, 1, true, ACCEPTED)]);
        let number = last(l).number;
        l.rates.insert(number, Rate::Missed);
    }),
];

fn cut_off(ledger: &mut Ledger, rate: Rate) {
    retryable(ledger, (1, 2, 408, told(NONE, &[])));
    let cut_off = ledger.sent.pop().expect("a mail");
    ledger.rates.insert(cut_off.number, rate);
    ledger.cut_off.push(cut_off);
}

fn retryable(ledger: &mut Ledger, answered: builder::Answered) {
    mail(ledger, answered, &[]);
    last(ledger).answer.json["retryable"] = true.into();
}

fn not_now(ledger: &mut Ledger, wait: &'static str, attempts: &[&str]) {
    retryable(ledger, (1, 2, 503, told(NONE, attempts)));
    last(ledger).answer.json["type"] = "urn:smsp:problem:temporarily-unavailable".into();
    builder::head(last(ledger), "retry-after", wait);
    ledger.one_was_up = false;
}

/// A mail that is told of as one that `b` took for `x` and put off for `y`, without this part of the answer.
fn taken_in_part(ledger: &mut Ledger, of: [Fate; 2], without: &str) {
    mail(ledger, (3000, 3100, 200, in_part()), &[(1, 3050, true, ACCEPTED)]);
    fates(ledger, of);
    if let Some(part) = last(ledger).answer.json.pointer_mut(without).filter(|_| !without.is_empty()) {
        part.take();
    }
}

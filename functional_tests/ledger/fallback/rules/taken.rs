//! F1, F3, F4, F5 and F6: what callers were told of one mail, against who took it, how often and why.

use super::super::super::record::Failover;
use super::super::super::rule::Rule;
use super::super::call::{Call, Told};
use super::super::history::{History, Run, Visit};

pub(super) fn faults(run: &Run, mail: &History) -> Vec<(Rule, &'static str)> {
    let mut found = Vec::new();
    let named = |call: &Call| call.word("provider").or_else(|| call.word("upstream")).unwrap_or_default().to_owned();
    let has_it = |call: &Call| {
        let name = named(call);
        mail.visits.iter().any(|v| v.arrival.accepted && v.upstream == name && v.arrival.at <= call.to)
    };
    if !mail.told(Told::Accepted).all(has_it) {
        found.push((Rule::F1, "was accepted, they say, by one that does not have it"));
    }
    if mail.visits.iter().filter(|visit| visit.arrival.accepted).any(|visit| !is_owned(mail, visit)) {
        found.push((Rule::F3, "is nowhere, they say, and was taken"));
    }
    // A mail that is unknown has no mark.
    let is_open = mail.is_marked() || mail.was_told(Told::Unknown) || mail.was_told(Told::CutOff);
    let may_be_double = mail.wants.failover == Failover::Always && is_open;
    if mail.taken() > 1 && !may_be_double {
        found.push(if mail.wants.keyed {
            (Rule::F6, "was taken more than once under one key")
        } else {
            (Rule::F4, "was taken more than once")
        });
    }
    if mail.wants.failover != Failover::Always && was_handed_over_again(mail) {
        found.push((Rule::F5, "was handed over again, and may have been taken before"));
    }
    if mail.wants.keyed && mail.calls.iter().any(|call| is_sent_without_a_record(run, mail, call)) {
        found.push((Rule::F14, "was called under a key while the store was away, and not refused"));
    }
    let mut ids: Vec<_> = mail.calls.iter().filter_map(|call| call.word("id")).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() > 1 {
        found.push((Rule::F6, "has several ids"));
    }
    found
}

/// While the store is away, no call under a key hands its mail over.
fn is_sent_without_a_record(run: &Run, mail: &History, call: &Call) -> bool {
    let during = |visit: &&Visit| call.from <= visit.arrival.at && visit.arrival.at <= call.to;
    let was_visited = || mail.calls.len() == 1 && mail.visits.iter().any(|visit| during(&visit));
    run.store_was_away_throughout(call) && (matches!(call.told(), Told::Accepted | Told::Queued) || was_visited())
}

/// Is there a call that may have led to this visit, and does not deny it?
fn is_owned(mail: &History, visit: &Visit) -> bool {
    let at = visit.arrival.at;
    let may_lead_there = |call: &Call| match call.told() {
        Told::Accepted => at <= call.to,
        Told::Queued | Told::Unknown | Told::CutOff => true,
        Told::None | Told::InFlight => false,
    };
    mail.calls.iter().any(|call| call.from <= at && may_lead_there(call))
}

/// After a visit that may have been the last one, but for where a mail is taken once.
fn was_handed_over_again(mail: &History) -> bool {
    let again = |(before, after): (&Visit, &Visit)| {
        let is_asked_again = before.takes_once && before.upstream == after.upstream;
        before.is_unclear() && !is_asked_again
    };
    mail.visits
        .iter()
        .enumerate()
        .any(|(number, before)| mail.visits[number + 1..].iter().any(|after| again((before, after))))
}

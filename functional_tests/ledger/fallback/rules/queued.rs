//! F2, F9, F10 and F11: which mail is queued, which is not, and what becomes of it.

use super::super::super::attempt;
use super::super::super::outbox_status;
use super::super::super::record::Failover;
use super::super::super::rule::Rule;
use super::super::call::{Call, Told};
use super::super::history::{History, Run};

pub(super) fn faults(run: &Run, mail: &History) -> Vec<(Rule, &'static str)> {
    let mut found = Vec::new();
    if mail.was_told(Told::Queued) {
        let shown = mail.outbox.as_ref();
        let fault = shown
            .map_or(Some("was queued, and cannot be looked at"), |shown| outbox_status::fault(shown, mail.taken()));
        found.extend(fault.map(|fault| (Rule::F2, fault)));
        if mail.looks.iter().any(|look| look.status == 404) {
            found.push((Rule::F2, "was queued, and was not there a moment later"));
        }
        if mail.wants.never_queued || !(run.falls_back || mail.wants.at_once) {
            found.push((Rule::F9, "was queued against the will of its caller or of the operator"));
        }
        if hand_overs_before(mail)
            .any(|outcome| outcome.is_none_or(|outcome| ["unknown", "accepted"].contains(&outcome)))
        {
            found.push((Rule::F10, "was queued after a hand-over that may have succeeded"));
        }
    }
    if mail.queued_by().is_some_and(|call| would_be_taken(run, mail, call)) {
        found.push((Rule::F10, "was queued while an upstream took mail"));
    }
    let falls_back = run.falls_back && !mail.wants.never_queued;
    let may_queue = |call: &&Call| !call.is_replayed() && !run.store_was_away(call);
    if falls_back && mail.told(Told::None).filter(may_queue).any(is_because_of_providers) {
        found.push((Rule::F11, "was refused because of the providers, and not queued"));
    }
    if mail.wants.is_queued_at_once() && is_not_queued_at_once(run, mail) {
        found.push((Rule::F11, "was not queued at once, which its caller prefers"));
    }
    found
}

/// What its hand-overs came to that were before it was queued.
fn hand_overs_before(mail: &History) -> impl Iterator<Item = Option<&str>> {
    let since = mail.outbox_word("accepted_at").unwrap_or_default();
    let attempts = mail.outbox.iter().flat_map(|outbox| outbox.json["attempts"].as_array().into_iter().flatten());
    // Both are in UTC, and written alike.
    let before = attempts.filter(move |attempt| attempt["at"].as_str().is_some_and(|at| at < since));
    before.map(|attempt| attempt["outcome"].as_str())
}

/// Was an upstream up all the time that takes every mail, and could the mail go there?
fn would_be_taken(run: &Run, mail: &History, call: &Call) -> bool {
    let was_up = run.outages.iter().all(|[down, up]| call.to < *down || *up < call.from);
    run.one_takes_all && was_up && !mail.wants.at_once && mail.wants.failover != Failover::Never
}

/// No provider could take it now, or one of them was out of reach.
fn is_because_of_providers(call: &Call) -> bool {
    let is_of = |kind: &str| call.word("type") == Some(&format!("urn:smsp:problem:{kind}"));
    let out_of_reach = || call.sent.iter().flat_map(attempt::of).any(|attempt| attempt.outcome == "unavailable");
    is_of("temporarily-unavailable") || is_of("refused") && out_of_reach()
}

/// Nothing is known of it before its first call has ended, so that call queues it, and says why.
fn is_not_queued_at_once(run: &Run, mail: &History) -> bool {
    let Some((first, others)) = mail.calls.split_first() else { return false };
    let is_alone = others.iter().all(|other| first.to < other.from);
    is_alone
        && !run.store_was_away(first)
        && match first.told() {
            Told::CutOff | Told::InFlight => false,
            Told::Queued => first.header("preference-applied") != Some("respond-async"),
            _ => true,
        }
}

//! I6: the sums in the metrics are those of the answers and of what the providers saw.

use std::collections::{BTreeMap, BTreeSet};

use super::attempt::{self, Attempt};
use super::calls::{self, Turn};
use super::record::{Index, Ledger, Sent};
use super::rule::Rule;
use super::way::Way;

/// Every outcome that a mail can come to.
const OUTCOMES: [&str; 11] = [
    "accepted",
    "message_rejected",
    "not_capable",
    "sender_rejected",
    "account_refused",
    "unclassified",
    "unlisted",
    "deferred",
    "throttled",
    "unavailable",
    "unknown",
];

/// Compares them all.
pub(super) fn check(ledger: &Ledger, index: &Index<'_>, note: &mut impl FnMut(Rule, String)) {
    let mut differ = |what: String, metric: u64, most: u64, least: u64| {
        if metric > most || metric < least {
            note(Rule::I6, format!("{what} is {metric} in the metrics and {least} to {most} in the ledger"));
        }
    };
    let attempts = counted(ledger, index);
    let again = turns(ledger, Turn::Again);
    let asked_in_vain = again.iter().filter(|(_, repeat)| repeat.delivery() == Some("unknown")).count() as u64;
    for account in &ledger.accounts {
        for outcome in OUTCOMES {
            let labels = [("upstream", account.name), ("outcome", outcome)];
            let seen = attempts.get(&(account.name.to_owned(), outcome.to_owned())).copied().unwrap_or_default();
            let metric = ledger.metrics.count("smsp_attempts_total", &labels);
            // A receipt tells of a further attempt after an unknown only if that was accepted.
            let untold = if account.idempotent { asked_in_vain } else { 0 };
            differ(format!("smsp_attempts_total {labels:?}"), metric, seen + untold, seen);
        }
    }
    for ((upstream, rule), seen) in routed(ledger, index) {
        let labels = [("upstream", upstream), ("rule", rule)];
        let metric = ledger.metrics.count("smsp_routed_total", &labels);
        differ(format!("smsp_routed_total {labels:?}"), metric, seen, seen);
    }
    // An answer that nobody waited for may or may not have been given.
    let hung_up = (ledger.hung_up.len() + ledger.unfinished) as u64;
    for status in [200, 400, 408, 422, 500, 502, 503, 504] {
        let seen = ledger.every().filter(|sent| sent.answer.status == status).count() as u64;
        let metric =
            ledger.metrics.count("smsp_requests_total", &[("path", "/email"), ("status", &status.to_string())]);
        differ(format!("smsp_requests_total of {status}"), metric, seen + hung_up, seen);
    }
    let replayed = ledger.every().filter(|sent| sent.is_replayed()).count() as u64;
    differ("smsp_replayed_total".to_owned(), ledger.metrics.count("smsp_replayed_total", &[]), replayed, replayed);
    let unknown = unknown(ledger, index);
    differ("smsp_unknown_total".to_owned(), ledger.metrics.count("smsp_unknown_total", &[]), unknown, unknown);
}

/// Attempts by upstream and outcome, each mail once.
fn counted(ledger: &Ledger, index: &Index<'_>) -> BTreeMap<(String, String), u64> {
    let mut counts = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let once = ledger.sent.iter().filter(|sent| seen.insert(sent.number));
    let fresh = turns(ledger, Turn::Fresh).into_iter().map(|(_, repeat)| repeat);
    let more = turns(ledger, Turn::Again).into_iter().flat_map(|(before, repeat)| {
        let known = before.map(|before| attempt::of(before).len()).unwrap_or_default();
        attempt::of(repeat).into_iter().skip(known)
    });
    let told = once.chain(fresh).flat_map(attempt::of).chain(more).filter(Attempt::is_real);
    for attempt in told.map(|a| (a.upstream, a.outcome)).chain(untold(ledger, index)) {
        *counts.entry(attempt).or_default() += 1;
    }
    counts
}

/// The mails that each upstream was handed by each rule, where it is known which rule holds.
fn routed<'a>(ledger: &'a Ledger, index: &Index<'a>) -> BTreeMap<(&'a str, &'a str), u64> {
    let names = || ledger.accounts.iter().map(|account| account.name);
    let of = |way: &'a Way| names().map(move |name| ((name, way.rule_in_metrics()), 0));
    let mut counts: BTreeMap<_, _> = ledger.ways.values().flat_map(of).collect();
    for call in calls::all(ledger, index) {
        let Some(way) = ledger.ways.get(&call.sent.number) else { continue };
        for attempt in attempt::of(call.sent).iter().filter(|attempt| attempt.is_real()) {
            let name = names().find(|name| *name == attempt.upstream);
            *counts.entry((name.unwrap_or_default(), way.rule_in_metrics())).or_default() += 1;
        }
    }
    counts
}

/// The repeats that were this, with the answer before each.
fn turns(ledger: &Ledger, turn: Turn) -> Vec<(Option<&Sent>, &Sent)> {
    let steps = calls::chains(ledger).into_values().flat_map(|chain| chain.steps());
    steps.filter(|(before, repeat)| calls::turn(*before, repeat) == turn).collect()
}

/// The attempts of mails whose callers hung up, as the faults that they met have it.
fn untold(ledger: &Ledger, index: &Index<'_>) -> Vec<(String, String)> {
    let arrivals = ledger.hung_up.iter().filter_map(|number| index.get(number)).flatten();
    let outcome = |outcomes: &[&str]| outcomes[0].split(':').next().unwrap_or_default().to_owned();
    arrivals.map(|(account, arrival)| (ledger.accounts[*account].name.to_owned(), outcome(arrival.outcomes))).collect()
}

/// Mails that ended unknown, each once, whether or not a caller waited, and however often it is asked about again.
fn unknown(ledger: &Ledger, index: &Index<'_>) -> u64 {
    let told = ledger.sent.iter().filter(|sent| sent.delivery() == Some("unknown")).map(|sent| sent.number);
    let ended = |number: &&usize| {
        let arrivals = index.get(number).map(Vec::as_slice).unwrap_or_default();
        arrivals.iter().any(|(_, arrival)| arrival.outcomes[0].starts_with("unknown"))
    };
    let untold = ledger.hung_up.iter().filter(ended).copied();
    let handed_over = turns(ledger, Turn::Fresh).into_iter();
    let repeats = handed_over.filter(|(_, repeat)| repeat.delivery() == Some("unknown")).count();
    (told.chain(untold).collect::<BTreeSet<_>>().len() + repeats) as u64
}

//! I1, I3, I6 and I7 of single attempts: each line of a receipt against what that provider did.

use super::attempt::{self, Attempt};
use super::calls::{self, Call};
use super::record::{Arrival, Index, Ledger};
use super::rule::Rule;

/// What an upstream has at least for an attempt, as the clock of the machine may round it.
const SHORTEST: u64 = 299;

/// Judges every attempt, and that no provider saw a mail of which the receipt says nothing.
pub(super) fn check(ledger: &Ledger, index: &Index<'_>, note: &mut impl FnMut(Rule, String)) {
    for Call { sent, arrivals } in calls::all(ledger, index) {
        let attempts = attempt::of(sent);
        for (account, _) in &arrivals {
            let name = ledger.accounts[*account].name;
            if !attempts.iter().any(|attempt| attempt.upstream == name && attempt.is_real()) {
                note(Rule::I6, format!("mail {} reached {name} and does not say so\n{}", sent.number, sent.answer));
            }
        }
        for (number, account) in ledger.accounts.iter().enumerate() {
            let tried: Vec<_> = attempts.iter().filter(|a| a.upstream == account.name && a.is_real()).collect();
            let here: Vec<_> = arrivals.iter().filter(|(at, _)| *at == number).map(|(_, arrival)| *arrival).collect();
            if here.len() > tried.len() && !tried.is_empty() {
                let what = format!("mail {} came to {} more often than they say", sent.number, account.name);
                note(Rule::I2, format!("{what}: {here:?}\n{}", sent.answer));
            }
            for (attempt, (rule, fault)) in faults(&tried, here.clone(), ledger.was_cut(sent)) {
                note(rule, format!("mail {}: {attempt:?} {fault}: {here:?}\n{}", sent.number, sent.answer));
            }
        }
    }
}

/// What is wrong with these attempts at a provider. The call that was given up first may arrive there last.
fn faults<'a>(
    tried: &[&'a Attempt],
    mut here: Vec<&Arrival>,
    was_cut: bool,
) -> Vec<(&'a Attempt, (Rule, &'static str))> {
    let found = in_this_order(tried, &here, was_cut);
    if found.is_empty() || !tried.iter().rev().skip(1).any(|before| before.has_timed_out()) {
        return found;
    }
    here.reverse();
    if in_this_order(tried, &here, was_cut).is_empty() { Vec::new() } else { found }
}

fn in_this_order<'a>(
    tried: &[&'a Attempt],
    here: &[&Arrival],
    was_cut: bool,
) -> Vec<(&'a Attempt, (Rule, &'static str))> {
    let fault = |(attempt, met): (_, Vec<_>)| fault(attempt, &met, here, was_cut).map(|fault| (attempt, fault));
    pairs(tried, here).into_iter().filter_map(fault).collect()
}

/// Each attempt with what it met. Of two at one provider it is not known which of them arrived, if not both did.
fn pairs<'a, 'b>(tried: &[&'a Attempt], here: &[&'b Arrival]) -> Vec<(&'a Attempt, Vec<&'b Arrival>)> {
    match (tried, here) {
        ([alone], _) => vec![(alone, here.to_vec())],
        _ if tried.len() == here.len() => tried.iter().zip(here).map(|(a, arrival)| (*a, vec![*arrival])).collect(),
        _ => Vec::new(),
    }
}

/// What is wrong with an attempt that met this, at a provider that had all these.
fn fault(attempt: &Attempt, met: &[&Arrival], here: &[&Arrival], was_cut: bool) -> Option<(Rule, &'static str)> {
    // The machine may have been too slow for any answer, and a cut may strike anywhere. A time-out blames nobody while bytes
    // of any mail to that provider are on their way, for the kernel does not tell whose they are.
    let timed_out = attempt.has_timed_out();
    let excused = timed_out || (was_cut && attempt.outcome == "unknown");
    let unlike = !met.is_empty() && !met.iter().any(|arrival| attempt.is(arrival.outcomes));
    match attempt.outcome.as_str() {
        "unknown" if timed_out && attempt.millis < SHORTEST => Some((Rule::I7, "gave up before its time")),
        "accepted" if !here.iter().any(|arrival| arrival.accepted) => Some((Rule::I1, "was not accepted there")),
        "accepted" | "unknown" if excused => None,
        "accepted" | "unknown" | "unavailable" if met.is_empty() => None,
        _ if met.is_empty() => Some((Rule::I6, "never came there")),
        "accepted" | "unknown" => unlike.then_some((Rule::I7, "is not what that provider did")),
        _ if met.iter().any(|arrival| arrival.accepted) => Some((Rule::I3, "was accepted there")),
        _ => unlike.then_some((Rule::I7, "is not what that provider did")),
    }
}

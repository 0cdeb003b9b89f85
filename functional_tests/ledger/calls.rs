//! The calls that handed a mail over, each with what the providers saw of it.
//!
//! A mail with a key may be sent in several calls. One that heard a held answer handed nothing over; one after a `none` is
//! judged as any other, by its own share of the arrivals. One that asked again after an `unknown` tells of the attempts
//! before it too, so `keys` judges it.

use std::collections::BTreeMap;

use super::attempt;
use super::record::{Arrival, Index, Ledger, Sent};

/// One call and what it led to.
pub(super) struct Call<'a> {
    pub(super) sent: &'a Sent,
    /// At which account, and how.
    pub(super) arrivals: Vec<(usize, &'a Arrival)>,
}

/// What a call after an answer was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The mail was handed over for the first time, or after a `none`.
    Fresh,
    /// It was handed over although a provider had it or may have had it: it may only be asked about.
    Again,
    /// The held answer was heard.
    Replayed,
}

/// All calls of one mail in their order, concurrent ones side by side.
pub(super) struct Chain<'a> {
    pub(super) first: Vec<&'a Sent>,
    pub(super) repeats: Vec<&'a Sent>,
}

impl<'a> Chain<'a> {
    /// Each repeat with the answer that was known before it, if its caller waited for that.
    pub(super) fn steps(&self) -> Vec<(Option<&'a Sent>, &'a Sent)> {
        let before = self.first.first().copied().into_iter().map(Some).chain(self.repeats.iter().copied().map(Some));
        let before =
            if self.first.is_empty() { [None].into_iter().chain(before).collect() } else { before.collect::<Vec<_>>() };
        before.into_iter().zip(self.repeats.iter().copied()).collect()
    }
}

/// By the number of the mail.
pub(super) fn chains(ledger: &Ledger) -> BTreeMap<usize, Chain<'_>> {
    let mut chains = BTreeMap::new();
    let empty = || Chain { first: Vec::new(), repeats: Vec::new() };
    for sent in &ledger.sent {
        chains.entry(sent.number).or_insert_with(empty).first.push(sent);
    }
    for repeat in &ledger.repeats {
        chains.entry(repeat.number).or_insert_with(empty).repeats.push(repeat);
    }
    chains.values_mut().for_each(|chain: &mut Chain<'_>| chain.repeats.sort_by_key(|repeat| repeat.from));
    chains
}

/// What this repeat was, after that answer.
pub(super) fn turn(before: Option<&Sent>, repeat: &Sent) -> Turn {
    match before.map(Sent::delivery) {
        _ if repeat.is_replayed() => Turn::Replayed,
        None | Some(Some("none")) => Turn::Fresh,
        Some(_) => Turn::Again,
    }
}

/// Every call that handed its mail over; where a caller hung up before the answer, the one that heard it later.
pub(super) fn all<'a>(ledger: &'a Ledger, index: &Index<'a>) -> Vec<Call<'a>> {
    let mut all = Vec::new();
    for (number, chain) in chains(ledger) {
        let arrivals = index.get(&number).cloned().unwrap_or_default();
        let heard = chain.repeats.first().filter(|_| chain.first.is_empty()).into_iter();
        let fresh = chain.steps().into_iter().filter(|(before, repeat)| turn(*before, repeat) == Turn::Fresh);
        let turns = chain.first.iter().take(1).chain(heard).copied().chain(fresh.map(|(_, repeat)| repeat));
        let mut calls: Vec<_> = turns.map(|sent| Call { sent, arrivals: Vec::new() }).collect();
        calls.dedup_by_key(|call| std::ptr::from_ref(call.sent));
        let again = chain.steps().into_iter().find(|(before, repeat)| turn(*before, repeat) == Turn::Again);
        let asked_again = again.map(|(_, repeat)| repeat.from);
        for (account, arrival) in arrivals {
            if asked_again.is_some_and(|from| from <= arrival.at) {
                continue;
            }
            assign(ledger, &mut calls, account, arrival);
        }
        if let ([_, rest @ ..], [call, ..]) = (&chain.first[..], &calls[..]) {
            let arrivals = call.arrivals.clone();
            calls.extend(rest.iter().map(|sent| Call { sent, arrivals: arrivals.clone() }));
        }
        all.extend(calls);
    }
    all
}

/// To the last call before it that tells of an attempt there; what no call tells of, to the last one.
fn assign<'a>(ledger: &Ledger, calls: &mut [Call<'a>], account: usize, arrival: &'a Arrival) {
    let name = ledger.accounts[account].name;
    let has_room = |call: &Call<'_>| {
        let told = attempt::of(call.sent).iter().filter(|a| a.upstream == name && a.is_real()).count();
        told > call.arrivals.iter().filter(|(at, _)| *at == account).count()
    };
    let may_be = |call: &Call<'_>| call.sent.from <= arrival.at && has_room(call);
    let found = calls.iter().rposition(may_be).or_else(|| calls.iter().rposition(|call| call.sent.from <= arrival.at));
    // A caller who hung up handed it over before the one who heard the answer.
    if let Some(call) = found.or(if calls.is_empty() { None } else { Some(0) }) {
        calls[call].arrivals.push((account, arrival));
    }
}

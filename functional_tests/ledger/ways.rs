//! I13: every mail goes where its rule and the sender maps let it, in the order of the rule, and its receipt names the rule.

use super::attempt;
use super::calls;
use super::record::{Index, Ledger, Sent};
use super::rule::Rule;
use super::way::Way;

/// Judges where each mail was, and what its answers say.
pub(super) fn check(ledger: &Ledger, index: &Index<'_>, note: &mut impl FnMut(Rule, String)) {
    for (number, way) in &ledger.ways {
        for (account, _) in index.get(number).into_iter().flatten().filter(|(account, _)| !way.allows(*account)) {
            let name = ledger.accounts[*account].name;
            let what = if way.barred.contains(account) { "may not send for its sender" } else { "is not in its rule" };
            note(Rule::I13, format!("mail {number} reached {name}, which {what}: {way:?}"));
        }
    }
    for sent in ledger.sent.iter().chain(&ledger.repeats) {
        let Some(way) = ledger.ways.get(&sent.number) else { continue };
        if sent.answer.json["rule"].as_str() != way.rule.as_deref() {
            note(Rule::I13, format!("mail {} names a wrong rule: {way:?}\n{}", sent.number, sent.answer));
        }
    }
    for call in calls::all(ledger, index) {
        let Some(way) = ledger.ways.get(&call.sent.number) else { continue };
        for name in passed_over(ledger, call.sent, way) {
            note(Rule::I13, format!("mail {} passed {name} over: {way:?}\n{}", call.sent.number, call.sent.answer));
        }
    }
}

/// The upstreams of earlier turns that were ready all the time, and were not asked before the first that was.
fn passed_over<'a>(ledger: &'a Ledger, sent: &Sent, way: &Way) -> Vec<&'a str> {
    let attempts = attempt::of(sent);
    let Some(first) = attempts.iter().position(attempt::Attempt::is_real) else { return Vec::new() };
    let turn =
        |turn: &Vec<usize>| turn.iter().any(|account| ledger.accounts[*account].name == attempts[first].upstream);
    let before = way.turns.iter().position(turn).unwrap_or_default();
    let ready = way.turns[..before].iter().flatten().map(|account| &ledger.accounts[*account]);
    let ready = ready.filter(|account| account.outages.is_empty());
    let untold = ready.filter(|account| attempts[..first].iter().all(|attempt| attempt.upstream != account.name));
    untold.map(|account| account.name).collect()
}

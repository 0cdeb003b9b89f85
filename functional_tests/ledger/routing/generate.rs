//! Rules, sender maps and rates at random.

use super::facts::{Facts, KEYS, Key, SENDERS};
use super::pattern::{self, Pattern};
use super::rule::Rule;
use crate::ledger::names::NAMES;
use crate::ledger::random::SeededRng;

/// At most; some of them are unreachable, and left out.
const RULES: usize = 6;
const MAX_WEIGHT: usize = 100;
/// Mails a second: so few that callers reach it.
const MAX_RATE: usize = 40;

/// Every rule is reached by a mail, since others are refused.
pub(super) fn rules(rng: SeededRng) -> Vec<Rule> {
    let all = Facts::all();
    let mut rules = Vec::<Rule>::new();
    for number in 0..RULES {
        let rule = rule(rng, number);
        if all.iter().any(|facts| rule.holds(facts) && !rules.iter().any(|before| before.holds(facts))) {
            rules.push(rule);
        }
    }
    rules
}

fn rule(rng: SeededRng, number: usize) -> Rule {
    let is = |what| rng.coin(what, number);
    let targets = targets(rng, number);
    let weight = |account: &usize| 1 + rng.below(&format!("weight of {account}"), number, MAX_WEIGHT);
    Rule {
        name: is("named").then(|| format!("name-{number}")),
        conditions: conditions(rng, number),
        weights: if is("weighted") { targets.iter().map(weight).collect() } else { Vec::new() },
        targets,
        is_pinned: is("pinned"),
    }
}

/// One or two, of different keys.
fn conditions(rng: SeededRng, number: usize) -> Vec<(Key, Vec<Pattern>)> {
    let first = rng.below("first key", number, KEYS.len());
    let second = (first + 1 + rng.below("second key", number, KEYS.len() - 1)) % KEYS.len();
    let keys = if rng.coin("one condition", number) { vec![first] } else { vec![first, second] };
    let condition = |key: usize| {
        let (key, all) = (KEYS[key], pattern::all(KEYS[key]));
        let patterns = 1 + rng.below("patterns", number, 2);
        let start = rng.below(key.word(), number, all.len());
        (key, (0..patterns).map(|place| all[(start + place) % all.len()]).collect())
    };
    keys.into_iter().map(condition).collect()
}

/// Some of all, in any order.
fn targets(rng: SeededRng, number: usize) -> Vec<usize> {
    let (count, first) = (1 + rng.below("targets", number, NAMES.len()), rng.below("first", number, NAMES.len()));
    let step = 1 + rng.below("step", number, NAMES.len() - 1);
    (0..count).map(|place| (first + place * step) % NAMES.len()).collect()
}

/// The ends of the domains that an account may send for. `None`: any.
pub(super) fn senders(rng: SeededRng, account: usize) -> Option<Vec<&'static str>> {
    let is_limited = rng.coin("limited", account);
    let left_out = rng.below("left out", account, SENDERS.len());
    let allowed = SENDERS.iter().enumerate().filter(|(place, _)| *place != left_out);
    is_limited.then(|| allowed.map(|(_, domain)| *domain).collect())
}

/// One account in three has a rate.
pub(super) fn rate(rng: SeededRng, account: usize) -> Option<u32> {
    let has_one = rng.below("has a rate", account, 3) == 0;
    has_one.then(|| u32::try_from(1 + rng.below("rate", account, MAX_RATE)).expect("small"))
}

//! The rules against a naive model of them, over every mail of a small world.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;

use super::super::facts::Facts;
use super::{Rules, read};

/// What the model knows of a mail. Recipients are the domains of their addresses.
#[derive(Debug)]
struct Mail {
    caller: &'static str,
    recipients: Vec<&'static str>,
    tags: Vec<&'static str>,
}

/// Every text of one or two letters, of which no pattern has `z`.
static WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let letters = ["a", "b", "z"];
    let pairs = letters.iter().flat_map(|first| letters.iter().map(move |second| format!("{first}{second}")));
    let words = letters.iter().map(|letter| (*letter).to_owned()).chain(pairs);
    words.map(|word| &*word.leak()).collect()
});

/// Every set of at most two words.
static SETS: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
    let pairs = WORDS.iter().flat_map(|a| WORDS.iter().map(move |b| BTreeSet::from([*a, *b])));
    let sets: BTreeSet<_> = pairs.chain([BTreeSet::new()]).collect();
    sets.into_iter().map(|set| set.into_iter().collect()).collect()
});

fn mails() -> impl Iterator<Item = Mail> {
    let with_recipients = SETS.iter().filter(|recipients| !recipients.is_empty());
    with_recipients.flat_map(|recipients| {
        SETS.iter().flat_map(move |tags| {
            let mail = |caller: &&'static str| Mail { caller, recipients: recipients.clone(), tags: tags.clone() };
            WORDS.iter().map(mail)
        })
    })
}

impl Facts for Mail {
    fn caller(&self) -> &str {
        self.caller
    }

    fn author(&self) -> &str {
        "a@a"
    }

    fn all_recipients(&self, holds: impl Fn(&str) -> bool) -> bool {
        self.recipients.iter().all(|domain| holds(&format!("q@{domain}")))
    }

    fn any_tag(&self, holds: impl Fn(&str) -> bool) -> bool {
        self.tags.iter().any(|tag| holds(tag))
    }

    fn any_header(&self, _name: &str, _holds: impl Fn(&str) -> bool) -> bool {
        false
    }
}

/// A key and its patterns.
type NaiveCondition = (&'static str, Vec<&'static str>);

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => (0..=text.len()).any(|skipped| matches(&pattern[1..], &text[skipped..])),
        Some(c) => text.starts_with(c) && matches(&pattern[1..], &text[1..]),
    }
}

fn holds((key, patterns): &NaiveCondition, mail: &Mail) -> bool {
    let one_matches = |text: &&str| patterns.iter().any(|pattern| matches(pattern, text));
    match *key {
        "caller" => one_matches(&mail.caller),
        "to" => mail.recipients.iter().all(one_matches),
        _ => mail.tags.iter().any(one_matches),
    }
}

/// The rule that takes this mail.
fn first(rules: &[Vec<NaiveCondition>], mail: &Mail) -> Option<usize> {
    rules.iter().position(|conditions| conditions.iter().all(|condition| holds(condition, mail)))
}

fn condition(keys: Vec<&'static str>) -> impl Strategy<Value = NaiveCondition> {
    let pattern = select(vec!["a", "b", "*", "a*", "*b", "ab", "aa", "b*"]);
    (select(keys), prop::collection::vec(pattern, 1..3))
}

/// Conditions of one rule: at most two on tags, at most one on all else.
fn conditions() -> impl Strategy<Value = Vec<NaiveCondition>> {
    let optional = |key| prop::option::weighted(0.4, condition(vec![key]));
    (optional("caller"), optional("to"), optional("tag"), condition(vec!["caller", "to", "tag"])).prop_map(
        |(caller, to, tag, another)| {
            let one = [caller, to, tag].into_iter().flatten().filter(|(key, _)| *key != another.0 || *key == "tag");
            one.chain([another.clone()]).collect()
        },
    )
}

fn written(conditions: &[NaiveCondition]) -> String {
    let conditions: Vec<_> = conditions.iter().map(|(key, patterns)| format!("{key}={}", patterns.join("|"))).collect();
    format!("{} -> pm", conditions.join(" "))
}

/// The rules that can be reached, by the model; the others are left out, for they take nothing from those behind them.
fn reachable(rules: &[Vec<NaiveCondition>]) -> Vec<usize> {
    let reached: BTreeSet<_> = mails().filter_map(|mail| first(rules, &mail)).collect();
    reached.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn unreachable_rules_are_those_that_no_mail_of_a_small_world_reaches(rules in prop::collection::vec(conditions(), 1..6)) {
        let reachable = reachable(&rules);
        let text: Vec<_> = rules.iter().map(|rule| written(rule)).collect();
        let problems = read(&text.join("\n")).err().unwrap_or_default();
        let unreached: Vec<_> = (0..rules.len()).filter(|index| !reachable.contains(index)).collect();
        let found: Vec<_> = problems.iter().filter(|problem| problem.contains("no mail reaches")).collect();
        prop_assert_eq!(found.len(), problems.len(), "{:?}", problems);
        let expected: Vec<_> = unreached.iter().map(|index| format!("begins `rule_{}`", index + 1)).collect();
        prop_assert_eq!(found.len(), expected.len(), "{}\n{:?}\n{:?}", text.join("\n"), problems, expected);
        for (problem, expected) in found.iter().zip(&expected) {
            prop_assert!(problem.contains(expected), "{}\n{problem}\n{expected}", text.join("\n"));
        }
    }

    #[test]
    fn the_first_rule_that_holds_wins_as_in_a_naive_model(rules in prop::collection::vec(conditions(), 1..6)) {
        let kept: Vec<_> = reachable(&rules).into_iter().map(|index| rules[index].clone()).collect();
        let text: Vec<_> = kept.iter().map(|rule| written(rule)).collect();
        let read: Rules = read(&text.join("\n")).map_err(|problems| TestCaseError::fail(format!("{text:?}: {problems:?}")))?;
        for mail in mails().step_by(7) {
            prop_assert_eq!(read.first(&mail), first(&kept, &mail), "{:?}\n{:?}", text, mail);
        }
    }
}

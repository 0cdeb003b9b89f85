//! Finds rules that hold for no mail, because the rules before them take each that they could hold for.
//!
//! It is enough to look at examples. An example of a rule has of everything as little as the rule asks for: one tag for
//! each condition on tags, one header for each on headers; but every recipient that it may have, since `to` asks for all. A
//! character that no pattern has stands for each `*`. So an earlier rule that holds for the example holds for every
//! mail that meets the conditions by the same patterns.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::condition::{Condition, Key};
use super::facts::Facts;
use super::pattern::Pattern;
use super::rule::Rule;

/// Examples of one rule that are looked at. A rule with more is taken as reachable.
const MAX_EXAMPLES: usize = 256;

/// A mail that a rule holds for.
struct Example {
    caller: String,
    author: String,
    recipients: Vec<String>,
    tags: Vec<String>,
    headers: Vec<(String, String)>,
}

impl Example {
    /// An example of this rule, by the patterns that the digits of `number` choose.
    fn new(rule: &Rule, mut number: usize) -> Self {
        let (text, address) = Pattern::any();
        let mut example = Self {
            caller: text,
            author: address.clone(),
            recipients: vec![address],
            tags: Vec::new(),
            headers: Vec::new(),
        };
        for condition in &rule.conditions {
            let (chosen, choices) = (number % choices(condition), choices(condition));
            number /= choices;
            example.meet(condition, chosen);
        }
        example
    }

    fn meet(&mut self, condition: &Condition, chosen: usize) {
        let mut texts = condition.patterns.iter().map(Pattern::example);
        match &condition.key {
            Key::To => self.recipients = texts.collect(),
            Key::Caller => self.caller = texts.nth(chosen).unwrap_or_default(),
            Key::From => self.author = texts.nth(chosen).unwrap_or_default(),
            Key::Tag => self.tags.extend(texts.nth(chosen)),
            Key::Header(name) => self.headers.extend(texts.nth(chosen).map(|value| (name.clone(), value))),
        }
    }
}

/// Among how many patterns an example has to choose.
fn choices(condition: &Condition) -> usize {
    if condition.key == Key::To { 1 } else { condition.patterns.len().max(1) }
}

impl Facts for Example {
    fn caller(&self) -> &str {
        &self.caller
    }

    fn author(&self) -> &str {
        &self.author
    }

    fn all_recipients(&self, holds: impl Fn(&str) -> bool) -> bool {
        self.recipients.iter().all(|recipient| holds(recipient))
    }

    fn any_tag(&self, holds: impl Fn(&str) -> bool) -> bool {
        self.tags.iter().any(|tag| holds(tag))
    }

    fn any_header(&self, name: &str, holds: impl Fn(&str) -> bool) -> bool {
        self.headers.iter().any(|(known, value)| known.eq_ignore_ascii_case(name) && holds(value))
    }
}

/// The rules before `rule` that take all its mail, by index; `None`: some mail reaches it.
pub(super) fn taken_by(before: &[Arc<Rule>], rule: &Rule) -> Option<BTreeSet<usize>> {
    let examples = rule.conditions.iter().map(choices).try_fold(1_usize, usize::checked_mul);
    let examples = examples.filter(|examples| *examples <= MAX_EXAMPLES)?;
    let taker = |number| {
        let example = Example::new(rule, number);
        before.iter().position(|rule| rule.holds(&example))
    };
    (0..examples).map(taker).collect()
}

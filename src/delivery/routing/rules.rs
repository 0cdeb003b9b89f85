//! Rules that choose the upstreams of a mail by what it is: `otp: tag=otp -> pm!; from=*.shop.example -> mg:70,sg:30`.
//!
//! Rules are separated by `;` or stand on a line each; `#` begins a comment. A rule holds if all its conditions do; the
//! first that holds chooses, and mail that none holds for goes to the operator's list. A condition is a key and patterns,
//! one of which has to match: `caller`, `from`, `to` (every recipient: a mail is never split), `tag` and
//! `header.NAME` (any of them). In patterns, `*` stands for any text; other than letters, digits and `.-_@*` stands in
//! double quotes, where `\` takes the meaning of `*`, `"` and itself. `!` behind the upstreams: no others; else
//! the rest of the operator's list comes after them. `mx` may stand last, or alone: it is no upstream, but the servers of the
//! recipients themselves, for mail that no upstream takes.
//!
//! Invariants: names are unique; every rule can be reached; what is printed reads as the same rules. Deliberately absent:
//! circuits and strategies, files, and any look at a mail's bodies.

mod condition;
mod cursor;
mod facts;
mod glob;
mod pattern;
mod problem;
mod reachable;
mod reader;
mod rule;

use std::fmt;
use std::sync::Arc;

use cursor::Cursor;
use facts::Facts;
use problem::Fault;

pub use problem::Problem;
pub use reader::DEFAULT;
pub use rule::{MX, Rule, Target};

use crate::model::submission::Submission;

/// More rules than this are a mistake.
const MAX_RULES: usize = 500;

/// The rules of a node, in their order; by default, none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    rules: Vec<Arc<Rule>>,
    /// Does the operator's list end with `mx`?
    list_is_direct: bool,
}

impl Rules {
    /// Reads rules that may name these upstreams. All problems are found, the first of each rule. A text without a rule is
    /// one: a file that is being written may begin with a comment, and its rules must not be lost meanwhile.
    pub fn read(text: &str, upstreams: &[Arc<str>]) -> Result<Self, Vec<Problem>> {
        let (mut rules, mut faults) = (Self::default(), Vec::new());
        let mut cursor = Cursor::new(text);
        let mut number = 0;
        while cursor.is_at_rule() {
            number += 1;
            let start = cursor.at();
            let read = reader::rule(&mut cursor, number, upstreams);
            match read.and_then(|rule| rules.add(rule, start)) {
                Ok(()) => {}
                Err(fault) if number > MAX_RULES => {
                    faults.push(fault);
                    break;
                }
                Err(fault) => {
                    faults.push(fault);
                    cursor.skip_rule();
                }
            }
        }
        if number == 0 {
            faults.push(Fault { at: 0, problem: "has no rule: to have none, unset the variable".to_owned() });
        }
        if faults.is_empty() {
            return Ok(rules);
        }
        Err(faults.into_iter().map(|fault| Problem::new(text, fault)).collect())
    }

    /// Adds a rule that was read from this place.
    fn add(&mut self, rule: Rule, at: usize) -> Result<(), Fault> {
        let fault = |problem| Err(Fault { at, problem });
        if self.rules.len() == MAX_RULES {
            return fault(format!("is one rule more than {MAX_RULES}"));
        }
        if self.rules.iter().any(|before| before.name == rule.name) {
            return fault(format!("has the name `{}`, as a rule before: give each its own", rule.name));
        }
        if let Some(takers) = reachable::taken_by(&self.rules, &rule) {
            let takers: Vec<_> = takers.iter().map(|taker| format!("`{}`", self.rules[*taker].name)).collect();
            let verb = if takers.len() == 1 { "takes" } else { "take" };
            let takers = takers.join(" and ");
            return fault(format!("begins `{}`, which no mail reaches: {takers} {verb} all of it before", rule.name));
        }
        self.rules.push(Arc::new(rule));
        Ok(())
    }

    /// These, beside a list of upstreams that ends with `mx`, or does not.
    pub fn beside_list(self, is_direct: bool) -> Self {
        Self { list_is_direct: is_direct, ..self }
    }

    /// Does mail that no upstream takes go to its recipients' own servers, where the rule at this place holds, or none?
    pub fn is_direct(&self, place: Option<usize>) -> bool {
        match place.and_then(|place| self.get(place)) {
            Some(rule) => rule.is_direct || (self.list_is_direct && !rule.is_pinned),
            None => self.list_is_direct,
        }
    }

    /// Does the operator's list end with `mx`?
    pub fn list_is_direct(&self) -> bool {
        self.list_is_direct
    }

    /// The first rule that names `mx`.
    pub fn first_direct(&self) -> Option<&Rule> {
        self.iter().map(|rule| &**rule).find(|rule| rule.is_direct)
    }

    /// The first rule that holds, by its place among these.
    pub fn find(&self, submission: &Submission) -> Option<usize> {
        self.first(submission)
    }

    fn first(&self, facts: &impl Facts) -> Option<usize> {
        self.rules.iter().position(|rule| rule.holds(facts))
    }

    /// The rule at this place.
    pub fn get(&self, place: usize) -> Option<&Rule> {
        self.rules.get(place).map(|rule| &**rule)
    }

    /// In their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Rule>> {
        self.rules.iter()
    }
}

/// On one line, as they are written.
impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules: Vec<_> = self.rules.iter().map(ToString::to_string).collect();
        f.write_str(&rules.join("; "))
    }
}

#[cfg(test)]
mod tests;

//! One rule: for which mails it holds, and which upstreams they go to.

use std::fmt;
use std::num::NonZeroU16;
use std::sync::Arc;

use super::condition::Condition;
use super::facts::Facts;

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub(super) name: Arc<str>,
    /// Was the name written, or made from the place of the rule?
    pub(super) is_named: bool,
    /// At least one.
    pub(super) conditions: Vec<Condition>,
    /// At least one.
    pub(super) targets: Vec<Target>,
    pub(super) is_pinned: bool,
}

/// An upstream that a rule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its index in the operator's list.
    pub upstream: usize,
    /// Its name.
    pub name: Arc<str>,
    /// Its part of the mail, as a part of the sum of all weights; either every target of a rule has one or none has.
    pub weight: Option<NonZeroU16>,
}

impl Rule {
    /// As it was written, else `rule_<n>`; no two rules share one.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The upstreams that the mail is offered to first, in this order unless they have weights.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Is the mail offered to its targets alone?
    pub fn is_pinned(&self) -> bool {
        self.is_pinned
    }

    /// Its conditions, as they are written.
    pub fn conditions(&self) -> String {
        joined(&self.conditions, " ")
    }

    /// Does every condition hold?
    pub(super) fn holds(&self, facts: &impl Facts) -> bool {
        self.conditions.iter().all(|condition| condition.holds(facts))
    }
}

/// As it is written.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_named {
            write!(f, "{}: ", self.name)?;
        }
        let pin = if self.is_pinned { "!" } else { "" };
        write!(f, "{} -> {}{pin}", self.conditions(), joined(&self.targets, ","))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.weight.map_or(Ok(()), |weight| write!(f, ":{weight}"))
    }
}

fn joined(parts: &[impl ToString], separator: &str) -> String {
    parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
}

//! One rule: for which mails it holds, and which upstreams they go to.

use std::fmt;
use std::num::NonZeroU16;
use std::sync::Arc;

use super::condition::Condition;
use super::facts::Facts;

/// What stands in the place of an upstream for the servers of the recipients themselves: last, or alone.
pub const MX: &str = "mx";

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub(super) name: Arc<str>,
    /// Was the name written, or made from the place of the rule?
    pub(super) is_named: bool,
    /// At least one.
    pub(super) conditions: Vec<Condition>,
    /// At least one, but for a rule that names `mx` alone.
    pub(super) targets: Vec<Target>,
    pub(super) is_pinned: bool,
    /// Does it name `mx`, behind its targets?
    pub(super) is_direct: bool,
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

    /// Does mail that no upstream takes go to its recipients' own servers?
    pub fn is_direct(&self) -> bool {
        self.is_direct
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
        // What names `mx` alone names no upstream that others could come behind.
        let pin = if self.is_pinned && !self.targets.is_empty() { "!" } else { "" };
        let named = self.targets.iter().map(ToString::to_string).chain(self.is_direct.then(|| MX.to_owned()));
        write!(f, "{} -> {}{pin}", self.conditions(), named.collect::<Vec<_>>().join(","))
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

//! One condition of a rule: a key, and the patterns of which one has to match.

use std::fmt;

use super::facts::Facts;
use super::pattern::Pattern;

/// What a condition looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// The name of the caller.
    Caller,
    /// The author's address.
    From,
    /// Every recipient's address: a mail is never split.
    To,
    /// Any tag.
    Tag,
    /// Any header of this name.
    Header(String),
}

impl Key {
    /// Can a mail have several of these, so that two conditions may hold for two of them?
    pub(super) fn is_repeatable(&self) -> bool {
        matches!(self, Self::Tag | Self::Header(_))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caller => f.write_str("caller"),
            Self::From => f.write_str("from"),
            Self::To => f.write_str("to"),
            Self::Tag => f.write_str("tag"),
            Self::Header(name) => write!(f, "header.{name}"),
        }
    }
}

/// One condition of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) key: Key,
    /// At least one.
    pub(super) patterns: Vec<Pattern>,
}

impl Condition {
    pub(super) fn holds(&self, facts: &impl Facts) -> bool {
        let matches = |text: &str| self.patterns.iter().any(|pattern| pattern.matches(text));
        match &self.key {
            Key::Caller => matches(facts.caller()),
            Key::From => matches(facts.author()),
            Key::To => facts.all_recipients(matches),
            Key::Tag => facts.any_tag(matches),
            Key::Header(name) => facts.any_header(name, matches),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns: Vec<_> = self.patterns.iter().map(ToString::to_string).collect();
        write!(f, "{}={}", self.key, patterns.join("|"))
    }
}

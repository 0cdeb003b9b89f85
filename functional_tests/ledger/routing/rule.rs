//! One rule: what is written of it, for which mails it holds, and in which turns their upstreams are asked.

use super::facts::{Facts, Key};
use super::pattern::Pattern;
use crate::ledger::names::NAMES;

/// One rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// `None`: it is called by its place.
    pub(super) name: Option<String>,
    pub(super) conditions: Vec<(Key, Vec<Pattern>)>,
    /// Accounts by number.
    pub(super) targets: Vec<usize>,
    /// One for each target, or none.
    pub(super) weights: Vec<usize>,
    pub(super) is_pinned: bool,
}

impl Rule {
    pub(super) fn holds(&self, facts: &Facts) -> bool {
        self.conditions.iter().all(|(key, patterns)| {
            let mut values = facts.get(*key).iter();
            let meant = |value: &&str| patterns.iter().any(|pattern| pattern.values.contains(value));
            if *key == Key::To { values.all(meant) } else { values.any(meant) }
        })
    }

    /// Those that are equals share a turn.
    pub(super) fn turns(&self) -> Vec<Vec<usize>> {
        let others = (0..NAMES.len()).filter(|account| !self.is_pinned && !self.targets.contains(account));
        match self.weights[..] {
            [] => self.targets.iter().copied().chain(others).map(|account| vec![account]).collect(),
            _ => vec![self.targets.clone(), others.collect()],
        }
    }

    pub(super) fn text(&self) -> String {
        let name = self.name.iter().map(|name| format!("{name}: ")).collect::<String>();
        let conditions = self.conditions.iter().map(|(key, patterns)| {
            let patterns: Vec<_> = patterns.iter().map(|pattern| pattern.text).collect();
            format!("{}={} ", key.word(), patterns.join("|"))
        });
        let weight = |place| self.weights.get(place).map(|weight| format!(":{weight}")).unwrap_or_default();
        let targets = self.targets.iter().enumerate();
        let targets: Vec<_> = targets.map(|(place, account)| format!("{}{}", NAMES[*account], weight(place))).collect();
        let pin = if self.is_pinned { "!" } else { "" };
        format!("{name}{}-> {}{pin}", conditions.collect::<String>(), targets.join(","))
    }
}

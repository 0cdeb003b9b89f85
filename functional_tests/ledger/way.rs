//! Where a mail may go, by its rule and the sender maps.

use std::collections::BTreeMap;

/// Where a mail may go; accounts by number.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    /// The name of the rule that holds.
    pub(crate) rule: Option<String>,
    /// Those of one turn are equals, and asked before those of the next.
    pub(crate) turns: Vec<Vec<usize>>,
    /// Those that may not send for its sender.
    pub(crate) barred: Vec<usize>,
}

/// By the number of the mail; where nothing is configured, nothing is known.
pub(crate) type Ways = BTreeMap<usize, Way>;

impl Way {
    /// What metrics call the rule that holds.
    pub(crate) fn rule_in_metrics(&self) -> &str {
        self.rule.as_deref().unwrap_or("default")
    }

    pub(crate) fn allows(&self, account: usize) -> bool {
        self.turns.iter().flatten().any(|of_rule| *of_rule == account) && !self.barred.contains(&account)
    }
}

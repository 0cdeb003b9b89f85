//! Random rules, sender maps and rates of a node, with a model that says where each mail may go.
//!
//! The model knows the values that each pattern stands for, so it shares nothing with smsp that could be wrong in both.

mod facts;
mod generate;
mod pattern;
mod rule;

use super::names::NAMES;
use super::random::SeededRng;
use super::way::Way;
use crate::harness::Settings;
use facts::CALLERS;
pub(crate) use facts::Facts;
use rule::Rule;

/// What a node is told of routing.
#[derive(Clone, Debug)]
pub(crate) struct Routing {
    rules: Vec<Rule>,
    /// The ends of the domains that each account may send for. `None`: any.
    senders: [Option<Vec<&'static str>>; NAMES.len()],
    /// How many mails a second may be handed to each account. `None`: any.
    rates: [Option<u32>; NAMES.len()],
}

impl Routing {
    pub(crate) fn random(rng: SeededRng) -> Self {
        Self {
            rules: generate::rules(rng),
            senders: std::array::from_fn(|account| generate::senders(rng, account)),
            rates: std::array::from_fn(|account| generate::rate(rng, account)),
        }
    }

    /// Its rules, as the node is told.
    pub(crate) fn rules(&self) -> String {
        self.rules.iter().map(Rule::text).collect::<Vec<_>>().join("; ")
    }

    /// With these told to the node.
    pub(crate) fn settings(&self, settings: Settings) -> Settings {
        let callers: Vec<_> = CALLERS.iter().map(|(name, key)| format!("{name}:{key}")).collect();
        let settings = settings.without("SMSP_API_KEY").with("SMSP_API_KEYS", &callers.join(","));
        let settings = settings.with("SMSP_ROUTES", &self.rules());
        let limited = NAMES.iter().zip(&self.senders).filter_map(|(name, senders)| Some((name, senders.as_ref()?)));
        let settings = limited.fold(settings, |settings, (name, senders)| {
            let domains: Vec<_> = senders.iter().map(|domain| format!("*.{domain}")).collect();
            settings.with(&format!("SMSP_{}_FROM_DOMAINS", name.to_uppercase()), &domains.join(","))
        });
        let rated = NAMES.iter().zip(self.rates).filter_map(|(name, rate)| Some((name, rate?)));
        rated.fold(settings, |settings, (name, rate)| {
            settings.with(&format!("SMSP_{}_RATE", name.to_uppercase()), &format!("{rate}/s"))
        })
    }

    /// How many mails a second may be handed to this account.
    pub(crate) fn rate(&self, account: usize) -> Option<u32> {
        self.rates[account]
    }

    /// Where a mail with these facts may go.
    pub(crate) fn way(&self, facts: &Facts) -> Way {
        let place = self.rules.iter().position(|rule| rule.holds(facts));
        let rule = place.map(|place| &self.rules[place]);
        let is_barred =
            |account: &usize| self.senders[*account].as_ref().is_some_and(|senders| !senders.contains(&facts.sender()));
        Way {
            rule: rule.zip(place).map(|(rule, place)| match &rule.name {
                Some(name) => name.clone(),
                None => format!("rule_{}", place + 1),
            }),
            turns: rule.map_or_else(|| vec![(0..NAMES.len()).collect()], Rule::turns),
            barred: (0..NAMES.len()).filter(is_barred).collect(),
        }
    }
}

#[test]
fn every_rule_of_a_random_node_is_reached_and_some_pin_and_some_have_weights() {
    let nodes: Vec<_> = (0..100).map(|seed| Routing::random(SeededRng::new(seed))).collect();
    for node in &nodes {
        let held = |rule: &Rule| Facts::all().iter().any(|facts| rule.holds(facts));
        assert!(!node.rules.is_empty() && node.rules.iter().all(held), "{node:?}");
    }
    let rules = || nodes.iter().flat_map(|node| &node.rules);
    assert!(rules().any(|rule| rule.is_pinned && rule.targets.len() < NAMES.len()));
    assert!(rules().any(|rule| !rule.weights.is_empty()) && rules().any(|rule| rule.name.is_none()));
}

//! Nodes in any state: strategies, weights, floors, rules, sender maps, capabilities, held senders, rates, turns, adaptive
//! costs, and circuits in every state.

use std::iter::repeat_n;
use std::sync::atomic::Ordering;

use proptest::prelude::TestCaseError;

use super::super::*;
use crate::delivery::provider::Capabilities;
use crate::delivery::routing::rules::Rules;
use crate::delivery::upstream::fixture::ended;
use crate::delivery::upstream::{Settings as Limits, Upstream};
use crate::model::outcome::{Reason, Verdict};

/// What a circuit is like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Condition {
    Closed,
    Open,
    HalfOpen,
    /// Closed a moment ago: it takes this share of the mail.
    Ramping(u8),
    Forced(Override),
}

#[derive(Clone, Debug)]
pub(super) struct Configured {
    pub(super) condition: Condition,
    pub(super) weight: u32,
    pub(super) floor: u32,
    pub(super) is_capable: bool,
    pub(super) own_domain: Option<&'static str>,
    /// What is left of its rate, at most. `None`: it has no rate.
    pub(super) tokens: Option<u32>,
    /// The author whose mail it has refused.
    pub(super) held: Option<&'static str>,
    /// How long its one mail so far took, in milliseconds.
    pub(super) took: Option<u64>,
}

/// Which mail a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    All,
    OneDomain,
    Nobody,
}

#[derive(Clone, Debug)]
pub(super) struct RuleOfNode {
    pub(super) scope: Scope,
    pub(super) targets: Vec<usize>,
    pub(super) has_weights: bool,
    pub(super) is_pinned: bool,
}

/// A node before its start.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) strategy: Strategy,
    pub(super) upstreams: Vec<Configured>,
    pub(super) rule: Option<RuleOfNode>,
    /// How many were taken by mail of each rule, and of none.
    pub(super) turns: usize,
    /// For how long it has had no mail, in milliseconds.
    pub(super) idle: u64,
}

impl RuleOfNode {
    fn text(&self) -> String {
        let condition = match self.scope {
            Scope::All => "caller=*",
            Scope::OneDomain => "from=*@example.org",
            Scope::Nobody => "caller=nobody",
        };
        let weight = |target: &usize| if self.has_weights { format!(":{}", 10 * (target + 1)) } else { String::new() };
        let targets: Vec<_> = self.targets.iter().map(|target| format!("u{target}{}", weight(target))).collect();
        format!("{condition} -> {}{}", targets.join(","), if self.is_pinned { "!" } else { "" })
    }

    fn holds(&self, author: &str) -> bool {
        match self.scope {
            Scope::All => true,
            Scope::OneDomain => author.ends_with("@example.org"),
            Scope::Nobody => false,
        }
    }
}

impl Configured {
    fn capabilities(&self) -> Capabilities {
        if self.is_capable { Capabilities::ANY } else { Capabilities { recipients: 0, ..Capabilities::ANY } }
    }

    fn tune(&self, settings: &mut Limits) {
        (settings.weight, settings.floor) = (self.weight, self.floor);
        settings.from_domains = self.own_domain.and_then(|domain| domain.parse().ok());
        settings.quota.rates = self.tokens.and_then(|_| "2/s".parse().ok());
    }
}

impl Node {
    pub(super) fn upstreams(&self) -> usize {
        self.upstreams.len()
    }

    /// How the upstreams of this author's mail are ranked.
    pub(super) fn strategy_for(&self, author: &str) -> Strategy {
        match &self.rule {
            Some(rule) if rule.holds(author) && rule.has_weights => Strategy::Weighted,
            Some(rule) if rule.holds(author) => Strategy::Priority,
            _ => self.strategy,
        }
    }

    /// Does every mail of this author without a key get the same order, but for upstreams that ramp?
    pub(super) fn keeps_one_order(&self, author: &str) -> bool {
        self.strategy_for(author) == Strategy::Priority && self.upstreams.iter().all(|upstream| upstream.floor == 0)
    }

    /// May this author's mail be handed to this upstream, as the rule is written?
    pub(super) fn rule_allows(&self, upstream: &str, author: &str) -> bool {
        let pin = self.rule.as_ref().filter(|rule| rule.holds(author) && rule.is_pinned);
        pin.is_none_or(|rule| rule.targets.iter().any(|target| format!("u{target}") == upstream))
    }

    /// Rates that are not used up are none, so that the shares stay what they are.
    pub(super) fn with_lasting_shares(mut self) -> Self {
        self.upstreams.iter_mut().for_each(|upstream| upstream.tokens = upstream.tokens.filter(|left| *left == 0));
        self
    }

    /// Starts it; every provider accepts what it gets, up to so many mails.
    pub(super) async fn start(&self, mails: usize) -> Fixture {
        let script = |configured: &Configured| -> Vec<_> {
            let took = configured.took.map(|took| Act::SayAfter(Duration::from_millis(took), Outcome::Accepted));
            took.into_iter().chain(repeat_n(Act::Say(Outcome::Accepted), mails)).collect()
        };
        let scripts: Vec<_> = self.upstreams.iter().map(script).collect();
        let capabilities = self.upstreams.iter().map(Configured::capabilities);
        let scripts: Vec<_> = capabilities.zip(&scripts).map(|(can, script)| (can, &script[..])).collect();
        let fixture = Fixture::tuned(Failover::Safe, self.strategy, 1, &scripts, |index, settings| {
            self.upstreams[index].tune(settings);
        });
        self.learn(&fixture).await;
        replace_rules(&fixture, &self.rule.as_ref().map(RuleOfNode::text).unwrap_or_default());
        fixture
            .dispatcher
            .routes
            .load()
            .turns
            .iter()
            .flat_map(|turns| &turns.0)
            .for_each(|turn| turn.store(self.turns, Ordering::Relaxed));
        fixture.upstreams.iter().zip(&self.upstreams).for_each(|(upstream, configured)| bring(upstream, configured));
        fixture
    }

    /// Sends one mail to each upstream that has had one, so that adaptive routing knows what it costs.
    async fn learn(&self, fixture: &Fixture) {
        for (index, configured) in self.upstreams.iter().enumerate().filter(|(_, upstream)| upstream.took.is_some()) {
            replace_rules(fixture, &format!("caller=* -> u{index}!"));
            let result =
                fixture.send_mail(mail(&format!("a@{}", configured.own_domain.unwrap_or("example.org")))).await;
            assert_eq!(result.is_ok(), configured.is_capable, "{configured:?} {result:?}");
        }
        tokio::time::advance(Duration::from_millis(self.idle)).await;
    }
}

/// An empty text is none.
fn replace_rules(fixture: &Fixture, rules: &str) {
    let names: Vec<_> = fixture.upstreams.iter().map(|upstream| Arc::clone(upstream.name())).collect();
    let read = || Rules::read(rules, &names).expect("a rule of this test is one");
    fixture.dispatcher.replace_rules(if rules.is_empty() { Rules::default() } else { read() });
}

/// Brings an upstream from its start to where it is.
fn bring(upstream: &Upstream, configured: &Configured) {
    let verdict = |outcome| Verdict::new(outcome, Reason::Mock);
    let answer = |author: &str, outcome| {
        let permit = upstream.try_admit().expect("it is closed");
        upstream.settle(permit, &mail(author), ended(&verdict(outcome)));
    };
    let open = || answer("b@example.net", Outcome::Unavailable);
    while upstream.tokens_left() > configured.tokens {
        assert!(upstream.take_token());
    }
    configured.held.iter().for_each(|author| answer(author, Outcome::SenderRejected));
    match configured.condition {
        Condition::Closed => {}
        Condition::Open => open(),
        Condition::HalfOpen => {
            open();
            upstream.begin_probing();
        }
        Condition::Ramping(share) => {
            open();
            upstream.begin_probing();
            let permit = upstream.admit_probe().expect("it is half open");
            upstream.settle_probe(permit, &verdict(Outcome::Accepted), false);
            upstream.set_ramp(upstream.snapshot().generation, share);
        }
        Condition::Forced(order) => {
            open();
            upstream.override_circuit(order);
        }
    }
}

/// Runs a case on paused time.
pub(super) fn block_on(case: impl Future<Output = Result<(), TestCaseError>>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime can be built").block_on(case)
}

//! Random nodes: strategies, weights, floors, rules, sender maps, capabilities, and circuits in every state.

use proptest::prelude::{BoxedStrategy, Just, Strategy as _, TestCaseError, any, prop, prop_oneof};

use super::super::*;
use crate::delivery::provider::Capabilities;
use crate::delivery::routing::rules::Rules;
use crate::delivery::upstream::Upstream;
use crate::delivery::upstream::fixture::ended;
use crate::model::outcome::{Reason, Verdict};

/// What a circuit is like.
#[derive(Clone, Copy, Debug)]
enum Condition {
    Closed,
    Open,
    HalfOpen,
    /// Closed a moment ago: it takes this share of the mail.
    Ramping(u8),
    Forced(Override),
}

#[derive(Clone, Debug)]
struct Configured {
    condition: Condition,
    weight: u32,
    floor: u32,
    is_capable: bool,
    own_domain: Option<&'static str>,
}

/// A node before its start.
#[derive(Clone, Debug)]
pub(super) struct Node {
    strategy: Strategy,
    upstreams: Vec<Configured>,
    rules: String,
}

impl Node {
    pub(super) fn upstreams(&self) -> usize {
        self.upstreams.len()
    }

    /// Does every mail without a key get the same order?
    pub(super) fn keeps_one_order(&self) -> bool {
        let has_weights = self.rules.contains(':');
        let is_priority = if self.has_rule() { !has_weights } else { self.strategy == Strategy::Priority };
        is_priority && self.upstreams.iter().all(|upstream| upstream.floor == 0)
    }

    /// May mail be handed to this upstream, as its rule is written?
    pub(super) fn rule_allows(&self, upstream: &str) -> bool {
        let Some((_, targets)) = self.rules.split_once("-> ").filter(|_| self.has_rule()) else { return true };
        let Some(pinned) = targets.strip_suffix('!') else { return true };
        pinned.split(',').any(|target| target.split(':').next() == Some(upstream))
    }

    /// Does a rule hold for the mail of these tests?
    fn has_rule(&self) -> bool {
        self.rules.starts_with("caller=*")
    }

    /// Starts it; every provider accepts what it gets.
    pub(super) fn start(&self) -> Fixture {
        let none = Capabilities { recipients: 0, ..Capabilities::ANY };
        let accepts = [Act::Say(Outcome::Accepted); 3];
        let capabilities =
            self.upstreams.iter().map(|upstream| if upstream.is_capable { Capabilities::ANY } else { none });
        let scripts: Vec<_> = capabilities.map(|capabilities| (capabilities, &accepts[..])).collect();
        let fixture = Fixture::tuned(Failover::Safe, self.strategy, 1, &scripts, |index, settings| {
            let Configured { weight, floor, own_domain, .. } = self.upstreams[index];
            (settings.weight, settings.floor) = (weight, floor);
            settings.from_domains = own_domain.and_then(|domain| domain.parse().ok());
        });
        let names: Vec<_> = fixture.upstreams.iter().map(|upstream| Arc::clone(upstream.name())).collect();
        fixture.dispatcher.replace_rules(Rules::read(&self.rules, &names).expect("a rule of this test is one"));
        fixture
            .upstreams
            .iter()
            .zip(&self.upstreams)
            .for_each(|(upstream, configured)| bring(upstream, configured.condition));
        fixture
    }
}

/// Brings a closed circuit into this condition.
fn bring(upstream: &Upstream, condition: Condition) {
    let verdict = |outcome| Verdict::new(outcome, Reason::Mock);
    let open = || {
        let permit = upstream.try_admit().expect("it is closed");
        upstream.settle(permit, &mail("b@example.net"), ended(&verdict(Outcome::Unavailable)));
    };
    match condition {
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

fn condition() -> BoxedStrategy<Condition> {
    prop_oneof![
        4 => Just(Condition::Closed),
        1 => Just(Condition::Open),
        1 => Just(Condition::HalfOpen),
        2 => (20u8..127).prop_map(Condition::Ramping),
        1 => prop_oneof![Just(Override::Open), Just(Override::Closed)].prop_map(Condition::Forced),
    ]
    .boxed()
}

fn configured() -> BoxedStrategy<Configured> {
    let own_domain = prop_oneof![3 => Just(None), 1 => Just(Some("example.org")), 1 => Just(Some("other.example"))];
    let floor = prop_oneof![3 => Just(0), 1 => 1u32..2000];
    (condition(), 1u32..=100, floor, prop::bool::weighted(0.85), own_domain)
        .prop_map(|(condition, weight, floor, is_capable, own_domain)| Configured {
            condition,
            weight,
            floor,
            is_capable,
            own_domain,
        })
        .boxed()
}

/// No rule, or one that holds for all mail or for none: with weights or without, pinned or not.
fn rules(upstreams: usize) -> BoxedStrategy<String> {
    let targets = prop::sample::subsequence((0..upstreams).collect::<Vec<_>>(), 1..=upstreams).prop_shuffle();
    let rule = (targets, any::<bool>(), any::<bool>(), prop_oneof![4 => Just("*"), 1 => Just("nobody")]);
    let written = rule.prop_map(|(targets, has_weights, is_pinned, caller)| {
        let weight =
            |target: usize| if has_weights { format!("u{target}:{}", 10 * (target + 1)) } else { format!("u{target}") };
        let targets: Vec<_> = targets.into_iter().map(weight).collect();
        format!("caller={caller} -> {}{}", targets.join(","), if is_pinned { "!" } else { "" })
    });
    prop_oneof![1 => Just(String::new()), 2 => written].boxed()
}

pub(super) fn node() -> BoxedStrategy<Node> {
    let strategy = prop_oneof![
        Just(Strategy::Priority),
        Just(Strategy::RoundRobin),
        Just(Strategy::Weighted),
        Just(Strategy::Adaptive)
    ];
    let upstreams = prop::collection::vec(configured(), 1..6);
    (strategy, upstreams)
        .prop_flat_map(|(strategy, upstreams)| {
            rules(upstreams.len()).prop_map(move |rules| Node { strategy, upstreams: upstreams.clone(), rules })
        })
        .boxed()
}

/// Runs a case on paused time.
pub(super) fn block_on(case: impl Future<Output = Result<(), TestCaseError>>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime can be built").block_on(case)
}

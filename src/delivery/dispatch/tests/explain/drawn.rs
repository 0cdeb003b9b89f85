//! Nodes that are drawn at random.

use proptest::prelude::{BoxedStrategy, Just, Strategy as _, any, prop, prop_oneof};

use super::node::{Condition, Configured, Node, RuleOfNode, Scope};
use super::{Override, Strategy};

/// One of two authors, so that some rules, sender maps and held senders are for one of them alone.
pub(super) fn author() -> BoxedStrategy<&'static str> {
    prop_oneof![3 => Just("a@example.org"), 1 => Just("b@other.example")].boxed()
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
    let floor = prop_oneof![1 => Just(0), 1 => 100u32..2500];
    let tokens = prop_oneof![3 => Just(None), 1 => (0u32..=2).prop_map(Some)];
    let held = prop_oneof![4 => Just(None), 1 => author().prop_map(Some)];
    let took = prop_oneof![1 => Just(None), 4 => (1u64..4000).prop_map(Some)];
    (condition(), 1u32..=100, floor, prop::bool::weighted(0.9), own_domain, tokens, held, took)
        .prop_map(|(condition, weight, floor, is_capable, own_domain, tokens, held, took)| Configured {
            condition,
            weight,
            floor,
            is_capable,
            own_domain,
            tokens,
            held,
            took,
        })
        .boxed()
}

/// No rule, or one for all mail, for some or for none: with weights or without, pinned or not.
fn rule(upstreams: usize) -> BoxedStrategy<Option<RuleOfNode>> {
    let scope = prop_oneof![2 => Just(Scope::All), 2 => Just(Scope::OneDomain), 1 => Just(Scope::Nobody)];
    let targets = prop::sample::subsequence((0..upstreams).collect::<Vec<_>>(), 1..=upstreams).prop_shuffle();
    let rule = (scope, targets, any::<bool>(), any::<bool>())
        .prop_map(|(scope, targets, has_weights, is_pinned)| RuleOfNode { scope, targets, has_weights, is_pinned });
    prop::option::weighted(0.6, rule).boxed()
}

pub(super) fn node() -> BoxedStrategy<Node> {
    let strategy = prop_oneof![
        Just(Strategy::Priority),
        Just(Strategy::RoundRobin),
        Just(Strategy::Weighted),
        Just(Strategy::Adaptive)
    ];
    // Half of the nodes have no floor: there priority keeps one order.
    let without_floors = |mut upstreams: Vec<Configured>| {
        upstreams.iter_mut().for_each(|upstream| upstream.floor = 0);
        upstreams
    };
    let any_floors = prop::collection::vec(configured(), 1..6);
    let upstreams = prop_oneof![any_floors.clone(), any_floors.prop_map(without_floors)];
    (strategy, upstreams, 0usize..100_000, 0u64..3000)
        .prop_flat_map(|(strategy, upstreams, turns, idle)| {
            rule(upstreams.len()).prop_map(move |rule| {
                let upstreams = upstreams.clone();
                Node { strategy, upstreams, rule, turns, idle }
            })
        })
        .boxed()
}

//! The plan of a mail that is only asked about.

use super::*;

/// Upstreams in the order of the plan, with what is told of each.
fn shown(strategy: Strategy, key: Option<u64>, candidates: &[Candidate]) -> Vec<(usize, Availability)> {
    preview(strategy, key, candidates).iter().map(|place| (place.upstream(), place.availability)).collect()
}

fn weighted(shares: &[u8], weights: &[u32]) -> Vec<Candidate> {
    let mut candidates = candidates(shares);
    candidates.iter_mut().zip(weights).for_each(|(candidate, weight)| candidate.weight = *weight);
    candidates
}

const READY: Availability = Availability::Ready;
const RAMPING: Availability = Availability::Ramping;
const OPEN: Availability = Availability::LeftOut(LeftOut::Circuit);

#[test]
fn largest_share_comes_first_where_the_strategy_chooses_for_each_mail() {
    for (strategy, expected) in [
        (Strategy::Weighted, [(2, READY), (3, READY), (0, READY), (1, OPEN)]),
        (Strategy::RoundRobin, [(0, READY), (2, READY), (3, READY), (1, OPEN)]),
    ] {
        assert_eq!(shown(strategy, None, &weighted(&[ALL, NONE, ALL, ALL], &[1, 9, 5, 2])), expected);
    }
}

#[test]
fn under_priority_the_operators_order_holds_though_a_standby_has_a_floor() {
    let mut candidates = candidates(&[ALL, NONE, ALL, ALL]);
    candidates[3].floor = 2000;
    assert_eq!(shown(Strategy::Priority, None, &candidates), [(0, READY), (2, READY), (3, READY), (1, OPEN)]);
}

#[test]
fn ramped_upstream_is_ramping_for_mail_without_a_key_whatever_its_share() {
    for share in [1, 40, 126] {
        assert_eq!(shown(Strategy::Priority, None, &candidates(&[share, ALL])), [(1, READY), (0, RAMPING)], "{share}");
    }
    assert_eq!(shown(Strategy::Weighted, None, &weighted(&[126, ALL], &[9, 1])), [(0, RAMPING), (1, READY)]);
}

#[test]
fn mail_with_a_key_has_its_own_plan_and_those_left_out_last() {
    let mut candidates = candidates(&[ALL, ALL, NONE, ALL]);
    candidates[0].left_out = Some(LeftOut::SenderHeld);
    let held = Availability::LeftOut(LeftOut::SenderHeld);
    for key in 0..50 {
        let plan = shown(Strategy::Weighted, Some(key), &candidates);
        let asked: Vec<_> = asked(&rank(Strategy::Weighted, Draw::Key(key), &candidates));
        let taking: Vec<_> =
            asked.into_iter().filter(|upstream| *upstream != 0).map(|upstream| (upstream, READY)).collect();
        assert_eq!(plan, [taking, vec![(0, held), (2, OPEN)]].concat());
    }
}

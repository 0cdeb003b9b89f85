//! Plans over upstreams of every availability.

mod floors;
mod keys;
mod previews;
mod weights;

use super::*;
use crate::model::left_out::LeftOut;

const LEVEL: u8 = 64;
const ALL: u8 = ALL_MAIL;
const NONE: u8 = 0;
/// Shares that this mail is just in, and just out of.
const IN: u8 = LEVEL;
const OUT: u8 = LEVEL - 1;

fn candidates(shares: &[u8]) -> Vec<Candidate> {
    let named = |upstream| identity(&format!("u{upstream}"));
    let candidate = |(upstream, &circuit_share)| Candidate {
        upstream,
        identity: named(upstream),
        weight: 1,
        floor: 0,
        adaptive_share: 1.0,
        circuit_share,
        left_out: None,
    };
    shares.iter().enumerate().map(candidate).collect()
}

fn at_level(level: u8) -> u64 {
    (u64::from(level - 1) << 32).div_ceil(u64::from(ALL)) << 32
}

fn asked(plan: &Plan) -> Vec<usize> {
    plan.asked().iter().map(Place::upstream).collect()
}

fn free(turn: usize) -> Draw {
    Draw::Free { turn, random: at_level(LEVEL) }
}

fn ranked(strategy: Strategy, draw: Draw, shares: &[u8]) -> Vec<usize> {
    asked(&rank(strategy, draw, &candidates(shares)))
}

#[test]
fn priority_keeps_the_operators_order_and_puts_ramped_upstreams_last() {
    for (shares, expected) in [
        (&[ALL, ALL, ALL][..], &[0, 1, 2][..]),
        (&[NONE, ALL, NONE, ALL], &[1, 3]),
        (&[OUT, ALL, NONE, ALL], &[1, 3, 0]),
        (&[IN, ALL, OUT, ALL], &[0, 1, 3, 2]),
        (&[NONE, OUT], &[1]),
        (&[NONE, NONE], &[]),
    ] {
        for draw in [free(1), Draw::Key(at_level(LEVEL) + 1)] {
            assert_eq!(ranked(Strategy::Priority, draw, shares), expected, "{shares:?}");
        }
    }
}

#[test]
fn round_robin_shares_turns_among_upstreams_that_take_mail() {
    for (shares, turns) in [
        (&[ALL, ALL, ALL][..], &[&[0, 1, 2][..], &[1, 2, 0], &[2, 0, 1], &[0, 1, 2]][..]),
        (&[ALL, NONE, OUT, IN], &[&[0, 3, 2], &[3, 0, 2], &[0, 3, 2]]),
        (&[NONE, OUT], &[&[1], &[1]]),
        (&[NONE], &[&[]]),
    ] {
        for (turn, expected) in turns.iter().enumerate() {
            assert_eq!(ranked(Strategy::RoundRobin, free(turn), shares), *expected, "{shares:?}");
        }
    }
}

#[test]
fn every_upstream_has_a_place_or_the_reason_why_it_is_left_out() {
    let mut candidates = candidates(&[NONE, ALL, OUT, ALL, NONE]);
    candidates[1].left_out = Some(LeftOut::SenderHeld);
    candidates[4].left_out = Some(LeftOut::SenderHeld);
    let plan = rank(Strategy::Priority, free(0), &candidates);
    let places: Vec<_> = plan.places().iter().map(|place| (place.upstream(), place.availability)).collect();
    let held = Availability::LeftOut(LeftOut::SenderHeld);
    let open = Availability::LeftOut(LeftOut::Circuit);
    assert_eq!(places, [(1, held), (3, Availability::Ready), (2, Availability::Ramping), (0, open), (4, held)]);
    assert_eq!(asked(&plan), [1, 3, 2], "the receipt speaks of the first, too");
}

#[test]
fn shares_are_what_every_draw_comes_to() {
    for strategy in [Strategy::Priority, Strategy::RoundRobin] {
        for shares in [&[ALL, ALL, ALL][..], &[13, ALL, 40], &[13, 40], &[NONE, ALL], &[NONE]] {
            let candidates = candidates(shares);
            let mut first = vec![0.0; shares.len()];
            let draws =
                (1..=ALL).flat_map(|level| (0..6).map(move |turn| Draw::Free { turn, random: at_level(level) }));
            for draw in draws {
                let plan = rank(strategy, draw, &candidates);
                plan.asked().iter().take(1).for_each(|place| first[place.upstream()] += 1.0 / 6.0 / f64::from(ALL));
            }
            for place in rank(strategy, free(0), &candidates).places() {
                let seen = first[place.upstream()];
                assert!((place.share - seen).abs() < 1e-9, "{strategy:?} {shares:?} {seen} {place:?}");
            }
        }
    }
}

#[test]
fn a_mail_with_a_key_has_all_of_its_share_in_one_place() {
    let mut candidates = candidates(&[ALL, ALL, ALL]);
    candidates[1].left_out = Some(LeftOut::SenderHeld);
    for strategy in [Strategy::Priority, Strategy::RoundRobin, Strategy::Weighted, Strategy::Adaptive] {
        for key in 0..10 {
            let plan = rank(strategy, Draw::Key(key), &candidates);
            let first = plan.asked().iter().position(|place| place.left_out().is_none());
            let shares: Vec<_> = plan.places().iter().map(|place| place.share).collect();
            let expected: Vec<_> = (0..3).map(|place| f64::from(first == Some(place))).collect();
            assert_eq!(shares, expected, "{strategy:?}");
        }
    }
}

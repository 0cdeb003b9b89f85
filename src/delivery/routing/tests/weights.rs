//! Weights against what comes of them in 20,000 mails, by Pearson's chi-square test.

use super::*;

const MAILS: u32 = 20_000;

/// Critical values of the chi-square distribution: a fair draw exceeds it once in a hundred thousand times. By degrees of freedom from 1.
pub(super) const CRITICAL: [f64; 7] = [19.51, 23.03, 25.90, 28.47, 30.86, 33.11, 35.26];

/// How far the counts are from these shares; for a fair draw seldom above [`CRITICAL`].
pub(super) fn chi_square(counts: &[u32], shares: &[f64]) -> f64 {
    let expected = shares.iter().map(|share| share * f64::from(MAILS));
    counts.iter().zip(expected).map(|(count, expected)| (f64::from(*count) - expected).powi(2) / expected).sum()
}

fn weighted(weights: &[u32]) -> Vec<Candidate> {
    let mut candidates = candidates(&vec![ALL; weights.len()]);
    candidates.iter_mut().zip(weights).for_each(|(candidate, weight)| candidate.weight = *weight);
    candidates
}

/// Which upstream is first, counted over many draws.
pub(super) fn count(
    strategy: Strategy,
    candidates: &[Candidate],
    draw: impl Fn(&mut fastrand::Rng) -> Draw,
) -> Vec<u32> {
    let (mut random, mut counts) = (fastrand::Rng::with_seed(7), vec![0; candidates.len()]);
    for _ in 0..MAILS {
        let plan = rank(strategy, draw(&mut random), candidates);
        counts[plan.asked()[0].upstream()] += 1;
    }
    counts
}

pub(super) fn with_key(random: &mut fastrand::Rng) -> Draw {
    Draw::Key(random.u64(..))
}

fn without(random: &mut fastrand::Rng) -> Draw {
    Draw::Free { turn: 0, random: random.u64(..) }
}

#[test]
fn weights_hold_over_20_000_mails_with_a_key_and_without() {
    for weights in [&[1, 1][..], &[70, 30], &[1, 2, 3, 4], &[1000, 1, 500], &[5, 5, 5, 1, 1, 1, 1, 1]] {
        let candidates = weighted(weights);
        let sum: u32 = weights.iter().sum();
        let shares: Vec<_> = weights.iter().map(|weight| f64::from(*weight) / f64::from(sum)).collect();
        for counts in
            [count(Strategy::Weighted, &candidates, with_key), count(Strategy::Weighted, &candidates, without)]
        {
            let chi_square = chi_square(&counts, &shares);
            assert!(chi_square < CRITICAL[weights.len() - 2], "{weights:?}: {counts:?}, chi-square {chi_square}");
        }
    }
}

#[test]
fn keys_are_spread_evenly_under_round_robin_whatever_the_weights() {
    let counts = count(Strategy::RoundRobin, &weighted(&[9, 1, 5]), with_key);
    let chi_square = chi_square(&counts, &[1.0 / 3.0; 3]);
    assert!(chi_square < CRITICAL[1], "{counts:?}, chi-square {chi_square}");
}

#[test]
fn weights_hold_beside_a_ramped_circuit() {
    let mut candidates = weighted(&[2, 1, 1]);
    candidates[0].circuit_share = 40;
    let plan = rank(Strategy::Weighted, without(&mut fastrand::Rng::with_seed(1)), &candidates);
    let mut shares = [0.0; 3];
    plan.places().iter().for_each(|place| shares[place.upstream()] = place.share);
    let counts = count(Strategy::Weighted, &candidates, without);
    let chi_square = chi_square(&counts, &shares);
    assert!(chi_square < CRITICAL[1], "{shares:?}: {counts:?}, chi-square {chi_square}");
}

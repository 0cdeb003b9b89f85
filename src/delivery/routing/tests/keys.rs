//! Mail with a key: where it goes, and what moves it.

use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, prop_assert_ne, proptest};

use super::*;

/// The upstream that a key comes to first.
fn home(strategy: Strategy, key: u64, candidates: &[Candidate]) -> Option<usize> {
    rank(strategy, Draw::Key(key), candidates).asked().first().map(Place::upstream)
}

const FOLLOWING_WEIGHTS: [Strategy; 3] = [Strategy::RoundRobin, Strategy::Weighted, Strategy::Adaptive];

proptest! {
    #[test]
    fn removing_one_of_n_upstreams_moves_only_its_own_keys(
        weights in prop::collection::vec((1u32..=1000, 0.01_f64..1.0), 2..8),
        removed in any::<prop::sample::Index>(),
        keys in prop::collection::vec(any::<u64>(), 100),
    ) {
        let mut all = candidates(&vec![ALL; weights.len()]);
        for (candidate, (weight, adaptive_share)) in all.iter_mut().zip(weights) {
            (candidate.weight, candidate.adaptive_share) = (weight, adaptive_share);
        }
        let removed = removed.index(all.len());
        let closed_later: Vec<_> = all.iter().filter(|candidate| candidate.upstream != removed).copied().collect();
        let mut opened = all.clone();
        opened[removed].circuit_share = NONE;
        for (strategy, key) in FOLLOWING_WEIGHTS.into_iter().flat_map(|strategy| keys.iter().map(move |key| (strategy, *key))) {
            let before = home(strategy, key, &all);
            for after in [&closed_later, &opened] {
                let after = home(strategy, key, after);
                prop_assert_ne!(after, Some(removed));
                prop_assert!(before == after || before == Some(removed), "{:?} became {:?}", before, after);
            }
        }
    }

    #[test]
    fn a_key_does_not_look_at_what_else_is_sent(
        key: u64,
        turn: usize,
        random: u64,
        adaptive_shares in prop::collection::vec(0.01_f64..1.0, 4),
    ) {
        let all = candidates(&[ALL; 4]);
        for strategy in FOLLOWING_WEIGHTS {
            let before = home(strategy, key, &all);
            rank(strategy, Draw::Free { turn, random }, &all);
            let mut reversed = all.clone();
            reversed.reverse();
            prop_assert_eq!(before, home(strategy, key, &reversed), "the order of SMSP_PROVIDERS does not count");
            let mut learned = all.clone();
            for (candidate, share) in learned.iter_mut().zip(&adaptive_shares) {
                candidate.adaptive_share = *share;
            }
            prop_assert_eq!(before, home(strategy, key, &learned), "shares that adapt are for mail without a key");
        }
    }
}

#[test]
fn under_priority_a_key_goes_to_the_first_that_takes_mail() {
    for key in 0..100 {
        assert_eq!(home(Strategy::Priority, key, &candidates(&[ALL, ALL])), Some(0));
        assert_eq!(home(Strategy::Priority, key, &candidates(&[NONE, ALL])), Some(1));
    }
}

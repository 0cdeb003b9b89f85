//! Floors: what a standby gets so that it is known to work.

use super::weights::{CRITICAL, chi_square, count, with_key};
use super::*;

/// The first is preferred; it has no floor to get.
fn standbys(floors: &[u32]) -> Vec<Candidate> {
    let mut candidates = candidates(&vec![ALL; floors.len()]);
    candidates.iter_mut().zip(floors).for_each(|(candidate, floor)| candidate.floor = *floor);
    candidates
}

/// How many of these turns come first to each upstream.
fn turns(candidates: &[Candidate], turns: std::ops::Range<usize>) -> Vec<u32> {
    let mut counts = vec![0; candidates.len()];
    for turn in turns {
        counts[rank(Strategy::Priority, free(turn), candidates).asked()[0].upstream()] += 1;
    }
    counts
}

#[test]
fn a_standby_gets_five_mails_in_any_five_times_its_part() {
    for (floor, mails) in [(100, 500), (50, 1000), (2000, 25), (3333, 16)] {
        let candidates = standbys(&[0, floor]);
        for start in [0, 1, mails / 2, 12_345] {
            let counts = turns(&candidates, start..start + mails);
            assert!([5, 6].contains(&counts[1]), "{floor}: {counts:?} of {mails} from {start}");
        }
    }
}

#[test]
fn several_standbys_get_each_its_own_floor() {
    let candidates = standbys(&[5000, 100, 0, 200, 100]);
    assert_eq!(turns(&candidates, 0..20_000), [19_200, 200, 0, 400, 200]);
    let shares: Vec<_> =
        rank(Strategy::Priority, free(0), &candidates).places().iter().map(|place| place.share).collect();
    assert_eq!(shares, [0.96, 0.01, 0.0, 0.02, 0.01]);
}

#[test]
fn floors_hold_for_keys_each_of_which_stays_where_it_is() {
    let candidates = standbys(&[0, 500, 1000]);
    let counts = count(Strategy::Priority, &candidates, with_key);
    let chi_square = chi_square(&counts, &[0.85, 0.05, 0.1]);
    assert!(chi_square < CRITICAL[1], "{counts:?}, chi-square {chi_square}");
}

#[test]
fn the_upstream_that_is_first_for_now_needs_no_floor_and_one_left_out_gets_none() {
    let mut candidates = standbys(&[0, 2000, 2000]);
    candidates[0].circuit_share = NONE;
    assert_eq!(turns(&candidates, 0..100), [0, 80, 20]);
    candidates[2].left_out = Some(LeftOut::SenderHeld);
    assert_eq!(turns(&candidates, 0..100), [0, 100, 0]);
}

#[test]
fn after_the_standby_the_operators_order_holds() {
    let candidates = standbys(&[0, 0, 9999]);
    assert_eq!(asked(&rank(Strategy::Priority, free(7), &candidates)), [2, 0, 1]);
}

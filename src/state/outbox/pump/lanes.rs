//! How many rows of each lane are claimed: of 13, 8 of the first, 4 of the second, 1 of the last.
//!
//! What a lane does not need goes to the others. Small numbers are fair over time: what a lane was not given is kept to its
//! account. Deliberately absent: rows.

use super::super::row::Lane;

const WEIGHTS: [i64; LANES] = [8, 4, 1];
const LANES: usize = Lane::ALL.len();

/// What each lane is owed.
#[derive(Clone, Debug, Default)]
pub(super) struct Lanes {
    credit: [i64; LANES],
}

impl Lanes {
    /// Shares out so many rows among the lanes that may have some.
    pub(super) fn share(&mut self, rows: usize, may_have: [bool; LANES]) -> [usize; LANES] {
        let mut shares = [0; LANES];
        let total: i64 = (0..LANES).filter(|lane| may_have[*lane]).map(|lane| WEIGHTS[lane]).sum();
        for _ in 0..rows {
            let having = || (0..LANES).filter(|lane| may_have[*lane]);
            having().for_each(|lane| self.credit[lane] += WEIGHTS[lane]);
            // Of equals the first: `max_by_key` would take the last.
            let Some(next) = having().rev().max_by_key(|lane| self.credit[*lane]) else { break };
            self.credit[next] -= total;
            shares[next] += 1;
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [bool; LANES] = [true; LANES];

    #[test]
    fn thirteen_rows_are_eight_of_the_first_four_of_the_second_and_one_of_the_last() {
        assert_eq!(Lanes::default().share(13, ALL), [8, 4, 1]);
        assert_eq!(Lanes::default().share(12, [true, true, false]), [8, 4, 0]);
        assert_eq!(Lanes::default().share(5, [false, true, false]), [0, 5, 0]);
        assert_eq!(Lanes::default().share(5, [false; LANES]), [0; LANES]);
    }

    #[test]
    fn no_lane_starves_though_rows_are_claimed_one_by_one() {
        let mut lanes = Lanes::default();
        let mut sum = [0; LANES];
        for _ in 0..13 {
            let shares = lanes.share(1, ALL);
            (0..LANES).for_each(|lane| sum[lane] += shares[lane]);
        }
        assert_eq!(sum, [8, 4, 1]);
    }

    proptest! {
        #[test]
        fn all_rows_are_shared_out_among_those_that_may_have_some(
            turns in prop::collection::vec((0..50_usize, any::<[bool; LANES]>()), 1..40),
        ) {
            let mut lanes = Lanes::default();
            for (rows, may_have) in turns {
                let shares = lanes.share(rows, may_have);
                let expected = if may_have == [false; LANES] { 0 } else { rows };
                prop_assert_eq!(shares.iter().sum::<usize>(), expected);
                prop_assert!((0..LANES).all(|lane| may_have[lane] || shares[lane] == 0));
                prop_assert!(lanes.credit.iter().all(|credit| credit.abs() <= 39), "{:?}", lanes.credit);
            }
        }
    }
}

//! Which of the rows at the heads of the queues are claimed: the oldest of each lane, and some of the newest.

use std::collections::{BTreeSet, HashMap};

use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Lane, RowId, Wanted};

/// A row that could be claimed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) row: RowId,
    pub(super) due: UnixTime,
    pub(super) size: u64,
    pub(super) lane: Lane,
    pub(super) caller: i64,
    /// Found from the end of its queue?
    pub(super) newest: bool,
}

/// Counts down what may still be claimed.
struct Choice<'a> {
    wanted: &'a Wanted,
    chosen: Vec<RowId>,
    seen: BTreeSet<RowId>,
    of_caller: HashMap<i64, usize>,
    bytes: u64,
}

/// The rows to claim, those of the first lane first.
pub(super) fn choose(wanted: &Wanted, mut candidates: Vec<Candidate>) -> Vec<RowId> {
    candidates.sort_by_key(|candidate| (candidate.due, candidate.row));
    let (chosen, seen, of_caller) = (Vec::new(), BTreeSet::new(), HashMap::new());
    let mut choice = Choice { wanted, chosen, seen, of_caller, bytes: 0 };
    for lane in Lane::ALL {
        let of_lane = || candidates.iter().filter(move |candidate| candidate.lane == lane);
        let limit = wanted.of_lane[lane as usize];
        let newest = limit * wanted.newest_of_four.min(4) / 4;
        let mut left = limit;
        left -= choice.take(of_lane().filter(|candidate| !candidate.newest), limit - newest);
        left -= choice.take(of_lane().rev().filter(|candidate| candidate.newest), newest.min(left));
        // Where there are not so many new ones, older ones.
        choice.take(of_lane(), left);
    }
    choice.chosen
}

impl Choice<'_> {
    /// Takes as many of these, in their order, and says how many it took.
    fn take<'c>(&mut self, candidates: impl Iterator<Item = &'c Candidate>, limit: usize) -> usize {
        let before = self.chosen.len();
        for candidate in candidates {
            if self.chosen.len() - before == limit {
                break;
            }
            self.consider(candidate);
        }
        self.chosen.len() - before
    }

    fn consider(&mut self, candidate: &Candidate) {
        let of_caller = self.of_caller.entry(candidate.caller).or_default();
        let fits = self.chosen.is_empty() || self.bytes.saturating_add(candidate.size) <= self.wanted.bytes;
        if *of_caller < self.wanted.of_caller && fits && self.seen.insert(candidate.row) {
            *of_caller += 1;
            self.bytes = self.bytes.saturating_add(candidate.size);
            self.chosen.push(candidate.row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(of_lane: [usize; 3], of_caller: usize, newest_of_four: usize, bytes: u64) -> Wanted {
        Wanted { sets: Vec::new(), of_lane, of_caller, bytes, without: Vec::new(), newest_of_four, lost: false }
    }

    /// As a queue is read: rows of these numbers, each found from both ends.
    fn queue(lane: Lane, caller: i64, rows: impl Iterator<Item = i64> + Clone) -> Vec<Candidate> {
        let candidate =
            |newest| move |row| Candidate { row: RowId(row), due: UnixTime(row), size: 10, lane, caller, newest };
        rows.clone().map(candidate(false)).chain(rows.map(candidate(true))).collect()
    }

    fn rows(chosen: Vec<RowId>) -> Vec<i64> {
        chosen.into_iter().map(|row| row.0).collect()
    }

    #[test]
    fn the_oldest_come_first_and_a_quarter_are_the_newest() {
        let all = queue(Lane::Normal, 1, 1..=20);
        assert_eq!(rows(choose(&wanted([0, 8, 0], 20, 1, 1000), all.clone())), [1, 2, 3, 4, 5, 6, 20, 19]);
        assert_eq!(rows(choose(&wanted([0, 30, 0], 30, 1, 1000), all.clone())).len(), 20, "none twice, none left");
        assert_eq!(rows(choose(&wanted([0, 3, 0], 20, 1, 1000), all)), [1, 2, 3], "a quarter of three is none");
    }

    #[test]
    fn a_lane_has_its_number_and_a_caller_its_own_over_all_lanes() {
        let all = [queue(Lane::High, 1, 1..=9), queue(Lane::Low, 1, 11..=19), queue(Lane::Low, 2, 21..=29)].concat();
        assert_eq!(rows(choose(&wanted([2, 2, 3], 3, 0, 1000), all)), [1, 2, 11, 21, 22]);
    }

    #[test]
    fn bytes_are_bounded_but_for_a_first_message_that_is_larger() {
        let all = queue(Lane::Normal, 1, 1..=9);
        assert_eq!(rows(choose(&wanted([0, 9, 0], 9, 0, 35), all.clone())), [1, 2, 3]);
        assert_eq!(rows(choose(&wanted([0, 9, 0], 9, 0, 5), all)), [1]);
    }
}

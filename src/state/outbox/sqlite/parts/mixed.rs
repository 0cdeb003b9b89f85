//! In which order the due parts of a domain are claimed. Pure: the draw is passed in.
//!
//! Two of four parts are next by their lanes, one is the oldest and one the newest, whatever its lane: neither mail of a low
//! lane nor fresh mail waits behind a backlog. A draw says which of the four comes first, so that it is so, too, where there
//! is room for one part at a time.

use std::collections::BTreeSet;

use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Lane, PartId};

/// A due part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) part: PartId,
    pub(super) lane: Lane,
    pub(super) due: UnixTime,
    /// Bytes of its mail.
    pub(super) size: u64,
}

/// Each of them once, that first which is to be claimed first.
pub(super) fn mixed(all: &[Due], draw: u8) -> Vec<Due> {
    let mut by_age = all.to_vec();
    by_age.sort_unstable_by_key(|due| (due.due, due.part));
    by_age.dedup_by_key(|due| due.part);
    let mut by_lane = by_age.clone();
    by_lane.sort_by_key(|due| due.lane);
    let first = |turn: u8| usize::from(turn.wrapping_sub(draw) % 4);
    let at = |first: usize, step: usize| move |(rank, due): (usize, &Due)| (first + step * rank, *due);
    let mut turns: Vec<_> = by_age.iter().rev().enumerate().map(at(first(0), 4)).collect();
    turns.extend(by_age.iter().enumerate().map(at(first(2), 4)));
    turns.extend(by_lane.iter().enumerate().map(at(first(1) % 2, 2)));
    turns.sort_unstable_by_key(|(turn, due)| (*turn, due.part));
    let mut seen = BTreeSet::new();
    turns.into_iter().map(|(_, due)| due).filter(|due| seen.insert(due.part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_four_parts_one_is_the_newest_one_the_oldest_and_two_are_of_the_first_lanes_whichever_is_first() {
        let lanes = [Lane::Low, Lane::Low, Lane::High, Lane::Normal, Lane::High, Lane::Normal, Lane::Low, Lane::Normal];
        let part = |(number, lane): (i64, &Lane)| Due {
            part: PartId(number),
            lane: *lane,
            due: UnixTime(10 * number),
            size: 1,
        };
        let all: Vec<_> = (0..).zip(&lanes).map(part).collect();
        let order = |draw| mixed(&all, draw).into_iter().map(|due| due.part.0).collect::<Vec<_>>();
        assert_eq!(order(0), [7, 2, 0, 4, 6, 3, 1, 5]);
        assert_eq!(order(1), [2, 0, 4, 7, 3, 1, 5, 6]);
        assert_eq!(order(2), [0, 2, 7, 4, 1, 3, 6, 5]);
        assert_eq!(order(3), [2, 7, 4, 0, 3, 6, 5, 1]);
        assert_eq!(order(4), order(0));
        assert_eq!(mixed(&[all[3], all[3]], 0).len(), 1, "found from both ends");
    }
}

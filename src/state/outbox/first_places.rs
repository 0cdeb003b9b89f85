//! The first of many places of a list, which come caller by caller and state by state.

use super::selection::{Place, Sort};

/// The first places so far. No more than twice as many as are wanted are held, beside those that are being taken.
pub(super) struct FirstPlaces {
    sort: Sort,
    most: usize,
    places: Vec<Place>,
}

impl FirstPlaces {
    /// At most so many, in this order.
    pub(super) fn new(sort: Sort, most: usize) -> Self {
        Self { sort, most, places: Vec::new() }
    }

    /// Takes these, and forgets what is behind enough others. Sorted is not before there are twice as many, so that many
    /// callers with few places each cost little.
    pub(super) fn take(&mut self, places: Vec<Place>) {
        self.places.extend(places);
        if self.places.len() > self.most.saturating_mul(2) {
            self.cut();
        }
    }

    /// All of them, in order.
    pub(super) fn places(mut self) -> Vec<Place> {
        self.cut();
        self.places
    }

    fn cut(&mut self) {
        self.sort.sort(&mut self.places);
        self.places.truncate(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::unix_time::UnixTime;
    use crate::state::outbox::RowId;

    #[test]
    fn no_more_than_twice_as_many_are_held_as_are_wanted_and_the_first_are_kept() {
        let place = |at| Place { accepted_at: UnixTime(at), row: RowId(at) };
        for (sort, expected) in [(Sort::Oldest, [0, 1, 2]), (Sort::Newest, [99, 98, 97])] {
            let mut first = FirstPlaces::new(sort, 3);
            for number in 0..50 {
                first.take(vec![place(99 - number), place(number)]);
                assert!(first.places.len() <= 6, "{number}: {}", first.places.len());
            }
            assert_eq!(first.places(), expected.map(place));
        }
    }
}

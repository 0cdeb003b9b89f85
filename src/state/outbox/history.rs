//! Has the store gone back in time? What a node remembers of the store, compared with what it finds.
//!
//! A restored backup, or a replica that lagged when it took over, has mail in its queue that was sent since. Each mark
//! raises a counter of the store, so a copy from before a mark has a lower one. The counter belongs to an [`Epoch`]: a new
//! one begins when people accept a copy, so that what a node remembers of the epochs before is not held against it.
//! Deliberately absent: clocks.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use crate::runtime::unix_time::UnixTime;

/// A part of a store's life: from its first day, or from the day that people accepted a copy, to the next such day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(pub Uuid);

/// How far a store has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The epochs that it has seen, the present one last.
    pub epochs: Vec<Epoch>,
    /// The marks that it has counted.
    pub marks: u64,
}

/// Why a store is taken for an older copy of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WentBack {
    /// So many marks are missing that are remembered.
    Marks(u64),
    /// It has not come to the epoch that is remembered, or is another store.
    Epoch,
    /// The database is in another place than before, and nobody remembers enough to say that nothing is missing.
    Place,
}

/// For people.
impl fmt::Display for WentBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Marks(1) => f.write_str("1 mark is missing that is remembered"),
            Self::Marks(marks) => write!(f, "{marks} marks are missing that are remembered"),
            Self::Epoch => f.write_str(
                "it has not come to the epoch that is remembered, or is another store, such as a new one in its place",
            ),
            Self::Place => f.write_str("the database is in another place than before"),
        }
    }
}

/// What a store says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// How far it has come.
    pub point: Point,
    /// Why nothing is claimed, if it is taken for an older copy.
    pub went_back: Option<WentBack>,
}

/// What was parked because the store is an older copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Mails that waited in the copy, or were parked there: they are parked, and say that they may have been sent since.
    pub parked: u64,
    /// Mails that a provider may have: they are not sent again by themselves, and say so too.
    pub unknown: u64,
    /// Is there more? Then the call has to be repeated, and nothing is claimed until then.
    pub more: bool,
}

impl Point {
    /// The present epoch.
    pub fn epoch(&self) -> Option<Epoch> {
        self.epochs.last().copied()
    }

    /// Why the store that was found here is older than one that was found at the other point; none: it is not.
    pub fn is_before(&self, remembered: &Self) -> Option<WentBack> {
        if self.epoch() == remembered.epoch() {
            let missing = remembered.marks.saturating_sub(self.marks);
            return (missing > 0).then_some(WentBack::Marks(missing));
        }
        (!self.was_accepted_after(remembered)).then_some(WentBack::Epoch)
    }

    /// Does it come from what is remembered, or from a copy of that, by an epoch that is new?
    fn was_accepted_after(&self, remembered: &Self) -> bool {
        let is_new = self.epoch().is_some_and(|epoch| !remembered.epochs.contains(&epoch));
        is_new && self.epochs.iter().any(|epoch| remembered.epochs.contains(epoch))
    }
}

/// What a process remembers of the store.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Option<Point>>);

impl Memory {
    /// The furthest point so far. To be asked for before the store is: what is found afterwards is not older.
    pub fn point(&self) -> Option<Point> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The store has come to this point, on its disk.
    pub fn keep(&self, found: Point) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *memory {
            None => *memory = Some(found),
            Some(known) if found.is_before(known).is_some() => {}
            Some(known) => {
                known.marks = found.marks;
                // Epochs that the accepted copy does not know stay known: a copy of one of them is older.
                known.epochs.retain(|epoch| !found.epochs.contains(epoch));
                known.epochs.extend(found.epochs);
            }
        }
    }
}

/// Orders that a store keeps at most, however young they are.
pub const KEPT_NOTES: i64 = 1_000_000;

/// Orders that one step of a sweep looks at.
pub const SWEPT_NOTES: i64 = 1000;

/// Who gave an order to the outbox, and which: kept in the store, in the transaction of the order. Holds no recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The name of who gave it.
    pub who: String,
    /// The other end of the connection, if it came over one.
    pub from: Option<String>,
    /// The order, in a word, and the id of the mail that it was about.
    pub order: String,
}

/// An order that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// A later order has a higher one.
    pub number: i64,
    /// When.
    pub at: UnixTime,
    /// By whom, and which.
    pub note: Note,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(epochs: &[u128], marks: u64) -> Point {
        Point { epochs: epochs.iter().map(|epoch| Epoch(Uuid::from_u128(*epoch))).collect(), marks }
    }

    #[test]
    fn one_missing_mark_is_noticed_and_more_marks_are_not_missed() {
        let remembered = point(&[1], 10);
        for (marks, expected) in [(0, Some(10)), (9, Some(1)), (10, None), (11, None)] {
            assert_eq!(point(&[1], marks).is_before(&remembered), expected.map(WentBack::Marks), "{marks}");
        }
    }

    #[test]
    fn an_accepted_copy_is_later_whatever_it_counts_and_an_older_or_foreign_epoch_is_not() {
        let remembered = point(&[1, 2], 10);
        for (found, expected) in [
            (point(&[1, 2, 3], 4), None),
            // A copy of the first epoch, which people have accepted.
            (point(&[1, 3], 4), None),
            (point(&[1], 99), Some(WentBack::Epoch)),
            (point(&[7], 99), Some(WentBack::Epoch)),
        ] {
            assert_eq!(found.is_before(&remembered), expected, "{found:?}");
        }
    }

    #[test]
    fn memory_goes_forward_only_and_through_accepted_copies() {
        let memory = Memory::default();
        assert_eq!(memory.point(), None);
        for (found, expected) in [
            (point(&[1], 3), point(&[1], 3)),
            (point(&[1], 2), point(&[1], 3)),
            (point(&[1, 2], 5), point(&[1, 2], 5)),
            (point(&[1], 9), point(&[1, 2], 5)),
            (point(&[1, 3], 4), point(&[2, 1, 3], 4)),
            (point(&[1, 2], 9), point(&[2, 1, 3], 4)),
        ] {
            memory.keep(found);
            assert_eq!(memory.point(), Some(expected));
        }
    }
}

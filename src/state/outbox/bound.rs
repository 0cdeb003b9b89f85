//! How much one transaction may do of a work that has no bound of its own: who else writes waits no longer than for that.

/// For one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Rows that are looked at, at most.
    pub rows: usize,
    /// Bytes of content that are dropped, at most; one row may have more.
    pub bytes: u64,
}

impl Bound {
    /// For a store that others use meanwhile.
    pub const STEP: Self = Self { rows: 256, bytes: 4 * 1024 * 1024 };
}

/// What is left of a [`Bound`].
pub(super) struct Left {
    bound: Bound,
    is_whole: bool,
}

impl Left {
    pub(super) fn of(bound: Bound) -> Self {
        Self { bound, is_whole: true }
    }

    /// Rows that may be looked at still.
    pub(super) fn rows(&self) -> usize {
        self.bound.rows
    }

    /// Takes a row with so many bytes of content; false: the next transaction has to.
    pub(super) fn take(&mut self, bytes: u64) -> bool {
        self.take_all(1, bytes)
    }

    /// Takes a row with others that go with it, so many in all, and so many bytes of content.
    pub(super) fn take_all(&mut self, rows: usize, bytes: u64) -> bool {
        let fits = rows <= self.bound.rows && bytes <= self.bound.bytes;
        if self.is_spent() || !fits && !self.is_whole {
            return false;
        }
        self.bound.rows = self.bound.rows.saturating_sub(rows);
        self.bound.bytes = self.bound.bytes.saturating_sub(bytes);
        self.is_whole = false;
        true
    }

    /// Is nothing left, so that there may be more rows?
    pub(super) fn is_spent(&self) -> bool {
        self.bound.rows == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_ends_by_rows_or_by_bytes_and_one_row_is_always_taken() {
        let taken = |rows, bytes| {
            let mut left = Left::of(Bound { rows, bytes });
            [90, 20, 0, 0].map(|bytes| left.take(bytes))
        };
        assert_eq!(taken(9, 110), [true; 4]);
        assert_eq!(taken(9, 109), [true, false, true, true]);
        assert_eq!(taken(9, 5), [true, false, true, true], "the first one, whatever it has");
        assert_eq!(taken(2, 200), [true, true, false, false]);
        assert_eq!(taken(0, 200), [false; 4]);
    }

    #[test]
    fn what_goes_with_a_row_counts_against_its_bound() {
        let taken = |rows| {
            let mut left = Left::of(Bound { rows, bytes: 9 });
            [3, 2, 1].map(|rows| left.take_all(rows, 0))
        };
        assert_eq!(taken(6), [true; 3]);
        assert_eq!(taken(5), [true, true, false]);
        assert_eq!(taken(4), [true, false, true]);
        assert_eq!(taken(1), [true, false, false], "the first one, whatever goes with it");
    }
}

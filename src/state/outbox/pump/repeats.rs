//! How often in a row the same has come of a mail: its waits grow, or it has been tried often enough.
//!
//! This node alone remembers it. A mail that another node claims, or that is forgotten here, begins anew; that costs a few
//! questions and no mail.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::row::RowId;

/// Rows that are remembered.
const MAX_ROWS: usize = 10_000;

/// The rows of which it came last.
#[derive(Default)]
pub(super) struct Repeats(Mutex<HashMap<RowId, u32>>);

impl Repeats {
    /// Counts once more. How often is that in a row?
    pub(super) fn count(&self, row: RowId) -> u32 {
        let mut rows = self.lock();
        if rows.len() >= MAX_ROWS {
            rows.clear();
        }
        let times = rows.entry(row).or_default();
        *times = times.saturating_add(1);
        *times
    }

    /// Something else has come of it.
    pub(super) fn forget(&self, row: RowId) {
        self.lock().remove(&row);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RowId, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_until_something_else_comes_of_them_and_their_number_is_bounded() {
        let repeats = Repeats::default();
        assert_eq!([1, 1, 2, 1].map(|row| repeats.count(RowId(row))), [1, 2, 1, 3]);
        repeats.forget(RowId(1));
        assert_eq!(repeats.count(RowId(1)), 1);
        (0..100_000).for_each(|row| assert!(repeats.count(RowId(row)) <= 2));
        assert!(repeats.lock().len() <= MAX_ROWS);
    }
}

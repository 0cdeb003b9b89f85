//! How often in a row a mail found no upstream that takes it now: its waits double.
//!
//! This node alone remembers it. A mail that another node claims, or that is forgotten here, begins anew with the shortest
//! wait; that costs a few questions and no mail.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::row::RowId;

/// Rows that are remembered.
const MAX_ROWS: usize = 10_000;

/// The rows that were postponed last.
#[derive(Default)]
pub(super) struct Postponed(Mutex<HashMap<RowId, u32>>);

impl Postponed {
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

    /// It was tried.
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
    fn rows_are_counted_until_they_are_tried_and_their_number_is_bounded() {
        let postponed = Postponed::default();
        assert_eq!([1, 1, 2, 1].map(|row| postponed.count(RowId(row))), [1, 2, 1, 3]);
        postponed.forget(RowId(1));
        assert_eq!(postponed.count(RowId(1)), 1);
        (0..100_000).for_each(|row| assert!(postponed.count(RowId(row)) <= 2));
        assert!(postponed.lock().len() <= MAX_ROWS);
    }
}

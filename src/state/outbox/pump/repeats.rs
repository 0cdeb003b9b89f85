//! How often in a row the same has kept a mail from being taken: its waits grow, or it has been tried often enough.
//!
//! This node alone remembers it. A mail that another node claims, or that is forgotten here, begins anew; that costs a few
//! questions and no mail.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keys that are remembered.
const MAX_KEYS: usize = 10_000;

/// How often each key, a row and perhaps what was met, has come in a row.
pub(super) struct Repeats<Key>(Mutex<HashMap<Key, u32>>);

/// A derived one would ask for a default of the key.
impl<Key> Default for Repeats<Key> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Key: Eq + Hash> Repeats<Key> {
    /// Counts once more. How often is that in a row?
    pub(super) fn count(&self, key: Key) -> u32 {
        let mut keys = self.lock();
        if keys.len() >= MAX_KEYS {
            keys.clear();
        }
        let times = keys.entry(key).or_default();
        *times = times.saturating_add(1);
        *times
    }

    /// Something else has come of it.
    pub(super) fn forget(&self, key: &Key) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_counted_until_something_else_comes_of_them_and_their_number_is_bounded() {
        let repeats = Repeats::default();
        assert_eq!([1, 1, 2, 1].map(|key| repeats.count(key)), [1, 2, 1, 3]);
        repeats.forget(&1);
        assert_eq!(repeats.count(1), 1);
        (0..100_000).for_each(|key| assert!(repeats.count(key) <= 2));
        assert!(repeats.lock().len() <= MAX_KEYS);
    }
}

//! Keys that something in the store is sealed under and that this node has not: each is told of, not all that it seals.
//!
//! Only another node, with another `SMSP_STORE_KEY`, can have sealed it. Few keys are remembered, and one that is met no more is
//! forgotten.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Keys that are remembered.
const MOST: usize = 16;
/// Without a meeting for so long, it is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(15 * 60);
/// How often it is told of.
const TOLD: Duration = Duration::from_secs(3600);

/// The missing keys that a node has met.
#[derive(Default)]
pub struct MissingKeys(Mutex<HashMap<String, Met>>);

struct Met {
    first: Instant,
    last: Instant,
    told: Instant,
}

/// What is known of a missing key that is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// For how long it has been met again and again.
    pub since: Duration,
    /// Is it time to tell of it?
    pub is_due: bool,
}

impl MissingKeys {
    /// Something is sealed under the key of this id.
    pub fn met(&self, id: &str) -> Missing {
        let now = Instant::now();
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|_, met| now.duration_since(met.last) < FORGOTTEN);
        if let Some(met) = keys.get_mut(id) {
            let is_due = now.duration_since(met.told) >= TOLD;
            met.last = now;
            if is_due {
                met.told = now;
            }
            return Missing { since: now.duration_since(met.first), is_due };
        }
        let oldest = || keys.iter().min_by_key(|(_, met)| met.last).map(|(id, _)| id.clone());
        if let Some(oldest) = oldest().filter(|_| keys.len() >= MOST) {
            keys.remove(&oldest);
        }
        keys.insert(id.to_owned(), Met { first: now, last: now, told: now });
        Missing { since: Duration::ZERO, is_due: true }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_key_is_told_of_once_an_hour_however_much_is_sealed_under_it() {
        let keys = MissingKeys::default();
        let mut told = Vec::new();
        for minute in 0..180 {
            let met = (0..1000).map(|_| keys.met("b")).filter(|missing| missing.is_due);
            told.extend(met.map(|missing| (minute, missing.since)));
            advance(MINUTE).await;
        }
        assert_eq!(told, [(0, Duration::ZERO), (60, 60 * MINUTE), (120, 120 * MINUTE)]);
        assert!(keys.met("c").is_due, "another one");
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_is_met_no_more_is_forgotten() {
        let keys = MissingKeys::default();
        keys.met("b");
        advance(FORGOTTEN).await;
        assert_eq!(keys.met("b"), Missing { since: Duration::ZERO, is_due: true });
    }

    #[tokio::test(start_paused = true)]
    async fn few_keys_are_remembered_those_that_were_met_last() {
        let keys = MissingKeys::default();
        for number in 0..100 {
            assert!(keys.met(&number.to_string()).is_due);
            assert!(number == 0 || !keys.met(&(number - 1).to_string()).is_due);
            advance(Duration::from_millis(1)).await;
        }
        assert_eq!(keys.0.lock().unwrap().len(), MOST);
    }
}

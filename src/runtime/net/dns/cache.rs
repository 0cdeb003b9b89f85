//! Answers that are remembered for a time, within a number of bytes: a zone that anybody may have decides how long its answers
//! are. Pure: the time is passed in.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::runtime::lru::Lru;

/// Answers that are remembered: some for each of 10,000 domains.
const MOST_ANSWERS: usize = 40_000;
/// Bytes of all of them.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of one beside its question and its records.
const OVERHEAD: usize = 200;

/// Answers by their question; those that were asked for at least recently give way.
pub(super) struct Cache<V>(Mutex<Kept<V>>);

struct Kept<V> {
    answers: Lru<Answer<V>>,
    bytes: usize,
}

struct Answer<V> {
    value: V,
    until: Instant,
    bytes: usize,
}

impl<V> Default for Cache<V> {
    fn default() -> Self {
        Self(Mutex::new(Kept { answers: Lru::new(MOST_ANSWERS), bytes: 0 }))
    }
}

impl<V: Clone> Cache<V> {
    /// The answer to this question, if it is known now.
    pub(super) fn get(&self, question: &str, now: Instant) -> Option<V> {
        let mut kept = self.lock();
        let known = kept.answers.get_mut(question)?;
        if known.until > now {
            return Some(known.value.clone());
        }
        kept.forget(question);
        None
    }

    /// Remembers an answer with records of so many bytes.
    pub(super) fn keep(&self, question: &str, value: V, bytes: usize, until: Instant) {
        let bytes = bytes + 2 * question.len() + OVERHEAD;
        let mut kept = self.lock();
        kept.forget(question);
        if bytes > MOST_BYTES {
            return;
        }
        while kept.bytes + bytes > MOST_BYTES || kept.answers.len() == MOST_ANSWERS {
            let Some(oldest) = kept.answers.pop_oldest() else { return };
            kept.bytes -= oldest.bytes;
        }
        if kept.answers.entry(question, |_| false, || Answer { value, until, bytes }).is_some() {
            kept.bytes += bytes;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept<V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Kept<V> {
    fn forget(&mut self, question: &str) {
        if let Some(gone) = self.answers.remove(question) {
            self.bytes -= gone.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_answer_is_known_for_its_time_and_replaced_by_the_next() {
        let (cache, now) = (Cache::default(), Instant::now());
        cache.keep("A a.example", 1, 10, now + Duration::from_secs(60));
        assert_eq!((cache.get("A a.example", now), cache.get("A b.example", now)), (Some(1), None));
        cache.keep("A a.example", 2, 20, now + Duration::from_secs(60));
        assert_eq!(cache.get("A a.example", now + Duration::from_secs(59)), Some(2));
        assert_eq!(cache.get("A a.example", now + Duration::from_secs(60)), None);
        assert_eq!(cache.lock().bytes, 0, "what is over takes no room");
    }

    #[test]
    fn answers_of_a_large_zone_take_no_more_than_their_room_and_push_out_what_is_not_asked_for() {
        let (cache, now) = (Cache::default(), Instant::now());
        let until = now + Duration::from_secs(3600);
        cache.keep("MX often.example", 0, 100, until);
        cache.keep("MX once.example", 0, 100, until);
        for number in 0..1000 {
            cache.keep(&format!("TXT {number}.large.example"), number, 60_000, until);
            assert!(cache.lock().bytes <= MOST_BYTES && cache.get("MX often.example", now).is_some());
        }
        let kept = cache.lock();
        assert!(kept.bytes > MOST_BYTES - 61_000 && kept.answers.len() < 300);
        drop(kept);
        assert_eq!(cache.get("MX once.example", now), None);
        cache.keep("TXT too.large.example", 7, MOST_BYTES, until);
        assert_eq!((cache.get("TXT too.large.example", now), cache.get("MX often.example", now)), (None, Some(0)));
    }
}

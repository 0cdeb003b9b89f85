//! How many mails were handed to an upstream in the last minute.
//!
//! A ring of buckets, each an atomic word with the number of its five seconds and a count. A mail adds to the bucket of its
//! time, which overwrites the one of a turn before. So all mails of the last minute are counted, and none that is older
//! than a minute and a bucket. Time is passed in. Deliberately absent: a lock, and a task that clears buckets.

use std::sync::atomic::{AtomicU64, Ordering};

/// Milliseconds.
const BUCKET: u64 = 5_000;

/// Those of a whole minute, and the one that is being filled.
const BUCKETS: u32 = 60_000 / BUCKET as u32 + 1;

/// The mails of the last minute.
#[derive(Default)]
pub(super) struct LastMinute([AtomicU64; BUCKETS as usize]);

impl LastMinute {
    /// Counts a mail at this time, in milliseconds.
    pub(super) fn count(&self, now: u64) {
        let number = number(now);
        let next = |bucket| match parts(bucket) {
            (own, count) if own == number => Some(word(number, count.saturating_add(1))),
            (older, _) if older < number => Some(word(number, 1)),
            // The thread was held up for a whole turn: its mail is older than a minute.
            _ => None,
        };
        let bucket = &self.0[(number % BUCKETS) as usize];
        let _ = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    }

    /// How many mails there were in the minute before this time.
    pub(super) fn mails(&self, now: u64) -> u64 {
        let first = number(now).saturating_sub(BUCKETS - 1);
        let buckets = self.0.iter().map(|bucket| parts(bucket.load(Ordering::Relaxed)));
        buckets.filter(|(number, _)| *number >= first).map(|(_, count)| u64::from(count)).sum()
    }
}

/// The number of the bucket for this time: 32 bits are good for six centuries.
fn number(now: u64) -> u32 {
    (now / BUCKET) as u32
}

fn word(number: u32, count: u32) -> u64 {
    u64::from(number) << 32 | u64::from(count)
}

fn parts(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use proptest::prelude::*;

    use super::*;

    const MINUTE: u64 = 60_000;

    fn within(mails: &[u64], now: u64, age: u64) -> u64 {
        mails.iter().filter(|mail| now - **mail <= age).count() as u64
    }

    proptest! {
        #[test]
        fn every_mail_of_the_last_minute_is_counted_and_none_older_than_a_bucket_more(
            waits in prop::collection::vec(prop_oneof![8 => 0..2_000u64, 3 => 0..20_000u64, 1 => 0..300_000u64], 1..200),
        ) {
            let (ring, mut mails, mut now) = (LastMinute::default(), Vec::new(), 0);
            for wait in waits {
                now += wait;
                let (least, most) = (within(&mails, now, MINUTE), within(&mails, now, MINUTE + BUCKET - 1));
                let counted = ring.mails(now);
                prop_assert!((least..=most).contains(&counted), "{counted} at {now}, of {mails:?}");
                ring.count(now);
                mails.push(now);
            }
        }
    }

    #[test]
    fn threads_that_count_at_once_lose_no_mail_though_they_change_buckets() {
        const THREADS: u64 = 4;
        const EACH: u64 = 2_000;
        let (ring, together) = (LastMinute::default(), Barrier::new(THREADS as usize));
        let work = || {
            // Two turns and more of the ring: each bucket is overwritten by whichever thread comes first.
            for number in 0..30 {
                together.wait();
                (0..EACH).for_each(|_| ring.count(number * BUCKET));
            }
        };
        thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(work))));
        assert_eq!(ring.mails(29 * BUCKET), THREADS * EACH * u64::from(BUCKETS));
    }

    #[test]
    fn thread_that_was_held_up_for_more_than_a_minute_counts_nothing() {
        let ring = LastMinute::default();
        let now = MINUTE + BUCKET;
        (0..3).for_each(|_| ring.count(now));
        ring.count(0);
        assert_eq!(ring.mails(now), 3);
    }
}

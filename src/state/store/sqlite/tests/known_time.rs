//! A clock that is far ahead of the store at a start.

use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::runtime::unix_time::UnixTime;

const START: i64 = 1_800_000_000_000;
const HOUR: i64 = 3_600_000;

/// Opened by a clock that shows this time.
fn open_at(directory: &Path, time: &Arc<AtomicI64>) -> Sqlite {
    let (keys, hands) = (StoreKeys::parse(KEY).unwrap(), Arc::clone(time));
    let clock = Clock::new(move || UnixTime(hands.load(Ordering::Relaxed)));
    let (metrics, restarts) = (Arc::default(), Arc::default());
    Sqlite::open(Start { directory, keys: &keys, modules: MODULES, clock, metrics, restarts }).unwrap()
}

/// By how much what is kept is over later, in hours, at a start at this hour behind which something is written.
async fn later_at(directory: &Path, hour: i64) -> i64 {
    let time = Arc::new(AtomicI64::new(START + hour * HOUR));
    let store = open_at(directory, &time);
    let later = later(&store);
    store.write(|database| database.execute_batch("select 1")).await.unwrap();
    later
}

fn later(store: &Sqlite) -> i64 {
    (store.clock().now().0 - store.clock().over().0) / HOUR
}

#[tokio::test]
async fn what_is_kept_is_over_later_where_a_clock_is_far_ahead_at_a_start() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(later_at(directory.path(), 0).await, 0, "nothing is known");
    assert_eq!(later_at(directory.path(), 1).await, 0, "a rest of an hour");
    assert_eq!(later_at(directory.path(), 50).await, 49);
    assert_eq!(later_at(directory.path(), 50).await, 49, "nobody has had the time to look");
    assert_eq!(later_at(directory.path(), 1).await, 0, "the clock was corrected");
    assert_eq!(later_at(directory.path(), 0).await, 0, "time went back");
    assert_eq!(later_at(directory.path(), -50_000).await, 0, "by years");
    assert_eq!(later_at(directory.path(), 1).await, 0, "which makes the right time no later");
}

#[tokio::test]
async fn a_clock_is_believed_by_the_next_start_after_an_hour() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(later_at(directory.path(), 0).await, 0);
    let time = Arc::new(AtomicI64::new(START + 50 * HOUR));
    let store = open_at(directory.path(), &time);
    for (hour, expected) in [(50, 50), (51, 50), (99, 50)] {
        time.store(START + hour * HOUR, Ordering::Relaxed);
        store.write(|database| database.execute_batch("select 1")).await.unwrap();
        assert_eq!(later(&store), expected, "at hour {hour}: not in this process");
    }
    drop(store);
    assert_eq!(later_at(directory.path(), 99).await, 0);
}

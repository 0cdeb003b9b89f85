//! Files with keys or rules, read again and again while we serve: what changes there holds at once, and what cannot be
//! read changes nothing.
//!
//! A file can block its reader for ever (a FIFO, a file system whose server is gone), on a thread where it may. A read that
//! takes too long is logged once and left behind, and the file is read anew; no more than [`MAX_LOST`] are left behind, so
//! that they do not use up the threads.

use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tracing::{error, info};

use crate::runtime::metrics::ReloadMetrics;

/// How soon a key that was taken out of its file opens nothing any more.
const INTERVAL: Duration = Duration::from_secs(1);
/// A sound file is read within milliseconds.
const DEADLINE: Duration = Duration::from_secs(10);

/// Reads that may hang at a time.
const MAX_LOST: usize = 4;

/// What a look at a file has found.
enum Finding<'a, T> {
    /// It holds something else than before.
    Changed(&'a T),
    /// It cannot be read, for this reason, which is another than before.
    Unreadable(&'a str),
    /// It has not been read within the deadline.
    Late,
    /// It is read in time again, and can be read or not.
    LateEnded { is_readable: bool },
}

/// Calls `replace` whenever what is read differs from before: `what` it is stands in the log, and each change and each
/// problem is counted. `first` is what holds now, so that a change since it was read is seen too. `read` may block.
pub(super) async fn watch<T: PartialEq + Send + 'static>(
    what: &str,
    counted: ReloadMetrics,
    first: T,
    read: impl Fn() -> Result<T, String> + Clone + Send + 'static,
    replace: impl Fn(&T),
) {
    let read = || {
        let read = read.clone();
        // A panic there would be ours, and changes nothing.
        async { spawn_blocking(read).await.ok() }
    };
    compare(first, read, |finding| match finding {
        Finding::Changed(value) => {
            replace(value);
            counted.ok();
        }
        Finding::Unreadable(problem) => {
            counted.failed();
            error!(problem, "cannot read the {what}: keeping the previous ones");
        }
        Finding::Late => {
            counted.failed();
            let problem = format!("not within {DEADLINE:?}: look at the disk or the mount that their file is on");
            error!(problem, "reading the {what} timed out: keeping the previous ones");
        }
        Finding::LateEnded { is_readable } => {
            counted.is_ignored(!is_readable);
            info!("the {what} can be read again");
        }
    })
    .await;
}

/// Reads for ever, and compares with what was read before.
async fn compare<T, R>(first: T, read: impl Fn() -> R, tell: impl Fn(Finding<'_, T>))
where
    T: PartialEq,
    R: Future<Output = Option<Result<T, String>>>,
{
    let (mut known, mut lost, mut is_late) = (Ok(first), FuturesUnordered::new(), false);
    loop {
        sleep(INTERVAL).await;
        let mut reading = Box::pin(read());
        let now = match timeout(DEADLINE, &mut reading).await {
            Ok(now) => now,
            Err(_) => {
                if !std::mem::replace(&mut is_late, true) {
                    tell(Finding::Late);
                }
                lost.push(reading);
                if lost.len() == MAX_LOST {
                    // Until one of them ends, there is no thread for another.
                    lost.next().await;
                }
                continue;
            }
        };
        // What the lost ones bring is older than this; those that still hang go on being counted.
        while let Some(Some(_)) = lost.next().now_or_never() {}
        if std::mem::take(&mut is_late) {
            tell(Finding::LateEnded { is_readable: matches!(now, Some(Ok(_))) });
        }
        let Some(now) = now.filter(|now| *now != known) else { continue };
        match &now {
            Ok(value) => tell(Finding::Changed(value)),
            Err(problem) => tell(Finding::Unreadable(problem)),
        }
        known = now;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use tokio::time::Instant;

    use super::*;

    /// A file that says these things, one a read, each after so many seconds; the last for ever.
    async fn findings(reads: &[(u64, Result<&str, &str>)], time: u64) -> Vec<(u64, String)> {
        let (start, number, reading) = (Instant::now(), Cell::new(0), Cell::new(0));
        let found = RefCell::new(Vec::new());
        let read = || {
            let (seconds, keys) = reads[number.get().min(reads.len() - 1)];
            number.set(number.get() + 1);
            reading.set(reading.get() + 1);
            assert!(reading.get() <= MAX_LOST, "{} reads at a time", reading.get());
            let reading = &reading;
            async move {
                sleep(Duration::from_secs(seconds)).await;
                reading.set(reading.get() - 1);
                Some(keys.map(str::to_owned).map_err(str::to_owned))
            }
        };
        let tell = |finding: Finding<'_, String>| {
            let text = match finding {
                Finding::Changed(keys) => keys.clone(),
                Finding::Unreadable(problem) => format!("unreadable: {problem}"),
                Finding::Late => "late".to_owned(),
                Finding::LateEnded { .. } => "no longer late".to_owned(),
            };
            found.borrow_mut().push((start.elapsed().as_secs(), text));
        };
        let watching = compare("first".to_owned(), read, tell);
        assert!(timeout(Duration::from_secs(time), watching).await.is_err(), "it watches for ever");
        found.into_inner()
    }

    fn at<const N: usize>(expected: [(u64, &str); N]) -> Vec<(u64, String)> {
        expected.map(|(second, text)| (second, text.to_owned())).into()
    }

    #[tokio::test(start_paused = true)]
    async fn keys_that_changed_before_the_first_look_are_found_by_it() {
        assert_eq!(findings(&[(0, Ok("second"))], 10).await, at([(1, "second")]));
        assert_eq!(findings(&[(0, Ok("first"))], 10).await, []);
    }

    #[tokio::test(start_paused = true)]
    async fn each_change_and_each_problem_is_told_once() {
        let reads = [(0, Err("gone")), (0, Err("gone")), (0, Ok("first")), (0, Ok("first")), (0, Ok("second"))];
        let expected = at([(1, "unreadable: gone"), (3, "first"), (5, "second")]);
        assert_eq!(findings(&reads, 100).await, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_that_hangs_is_told_once_and_left_behind() {
        let reads = [(1_000_000, Ok("second")), (9, Ok("third")), (1_000_000, Ok("fourth")), (0, Ok("fifth"))];
        let third = [(11, "late"), (21, "no longer late"), (21, "third")];
        let fifth = [(32, "late"), (33, "no longer late"), (33, "fifth")];
        assert_eq!(findings(&reads, 1000).await, [at(third), at(fifth)].concat());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_reads_hang_than_may_and_one_that_ends_makes_room() {
        let reads =
            [(300, Ok("second")), (300, Ok("second")), (300, Ok("second")), (300, Ok("second")), (0, Ok("third"))];
        let found = findings(&reads, 1000).await;
        assert_eq!(found, at([(11, "late"), (302, "no longer late"), (302, "third")]));
    }
}

//! Tasks and threads that run for ever, whatever becomes of them.
//!
//! A task that panics is started anew: that is a fault of ours, and no circuit, key or row must stay as it is for that. One
//! that panics again and again is not helped by it: a process that starts anew may be.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep};
use tracing::error;

/// A task that panics again and again must not take the processor.
const PAUSE: Duration = Duration::from_secs(1);
/// So many restarts within [`SPAN`] are too many.
const TOO_MANY: usize = 3;
const SPAN: Duration = Duration::from_secs(60);

/// The last restarts of a few tasks and threads.
#[derive(Default)]
pub struct Restarts(Mutex<VecDeque<Instant>>);

impl Restarts {
    /// Counts one more.
    pub fn count(&self) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.push_back(Instant::now());
        if last.len() > TOO_MANY {
            last.pop_front();
        }
    }

    /// Were there too many of late?
    pub fn are_too_many(&self) -> bool {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.len() == TOO_MANY && last.front().is_some_and(|first| first.elapsed() < SPAN)
    }
}

/// Runs a task until it ends by itself; if it panics it is started anew.
pub async fn restart_on_panic<F: Future<Output = ()>>(task: &str, upstream: Option<String>, run: impl Fn() -> F) {
    restart(task, upstream, || {}, run).await;
}

/// As [`restart_on_panic`], and counts how often.
pub async fn restart_and_count<F: Future<Output = ()>>(task: &str, restarts: &Restarts, run: impl Fn() -> F) {
    restart(task, None, || restarts.count(), run).await;
}

/// Runs what a thread does until it ends by itself; if it panics it is started anew, and counted.
pub fn restart_in_thread(name: &str, restarts: &Restarts, mut run: impl FnMut()) {
    while catch_unwind(AssertUnwindSafe(&mut run)).is_err() {
        restarts.count();
        error!("the {name} panicked: restarting it");
        thread::sleep(PAUSE);
    }
}

async fn restart<F: Future<Output = ()>>(
    task: &str,
    upstream: Option<String>,
    on_panic: impl Fn(),
    run: impl Fn() -> F,
) {
    while AssertUnwindSafe(async { run().await }).catch_unwind().await.is_err() {
        on_panic();
        error!(upstream, "the {task} panicked: restarting it");
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_back_a_second_later() {
        let (start, starts) = (Instant::now(), AtomicU32::new(0));
        restart_on_panic("supervisor", None, || {
            let before = starts.fetch_add(1, Ordering::Relaxed);
            async move { assert!(before >= 2, "a fault of ours") }
        })
        .await;
        assert_eq!((start.elapsed(), starts.into_inner()), (PAUSE * 2, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn three_restarts_within_a_minute_are_too_many_until_the_minute_is_over() {
        let restarts = Restarts::default();
        for seconds in [0, 40, 40, 10] {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            assert!(!restarts.are_too_many());
            restarts.count();
        }
        assert!(restarts.are_too_many(), "at 40, 80 and 90 s");
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(restarts.are_too_many());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!restarts.are_too_many());
    }
}

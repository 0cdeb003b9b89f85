//! What is tried again behind the back of its caller: for how long, and how much of it at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

/// For how long something is tried again.
const TRIED_FOR: Duration = Duration::from_secs(60);
/// From one attempt to the next, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How much of one kind is tried again at most.
const AT_ONCE: usize = 1000;

/// The attempts at something that is tried again, for a while.
pub(super) struct Retries {
    until: Instant,
    pause: Duration,
}

impl Retries {
    pub(super) fn new() -> Self {
        Self { until: Instant::now() + TRIED_FOR, pause: PAUSES.0 }
    }

    /// Waits before the next attempt. False: no more.
    pub(super) async fn wait(&mut self) -> bool {
        if Instant::now() >= self.until {
            return false;
        }
        sleep(self.pause).await;
        self.pause = (2 * self.pause).min(PAUSES.1);
        true
    }
}

/// The places for what is tried again. Clones share them.
#[derive(Clone)]
pub(super) struct Places(Arc<Semaphore>);

impl Places {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }

    /// A place; none, if there is too much already.
    pub(super) fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }
}

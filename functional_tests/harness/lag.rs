//! How late this machine is: what a limit in milliseconds must allow for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

const TICK: Duration = Duration::from_millis(5);

/// Ticks for as long as it lives.
pub(crate) struct Lag {
    worst: Arc<AtomicU64>,
    ticking: JoinHandle<()>,
}

impl Lag {
    pub(crate) fn measure() -> Self {
        let worst = Arc::new(AtomicU64::new(0));
        let seen = worst.clone();
        let ticking = tokio::spawn(async move {
            loop {
                let start = Instant::now();
                sleep(TICK).await;
                let late = start.elapsed().saturating_sub(TICK).as_millis();
                seen.fetch_max(u64::try_from(late).unwrap_or(u64::MAX), Ordering::SeqCst);
            }
        });
        Self { worst, ticking }
    }

    /// The latest tick so far, once for us and once for the process that we wait for.
    pub(crate) fn allowance(&self) -> Duration {
        Duration::from_millis(self.worst.load(Ordering::SeqCst)) * 2
    }
}

impl Drop for Lag {
    fn drop(&mut self) {
        self.ticking.abort();
    }
}

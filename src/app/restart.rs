//! Tasks that run for ever, whatever becomes of them.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::sleep;
use tracing::error;

/// A task that panics again and again must not take the processor.
const PAUSE: Duration = Duration::from_secs(1);

/// Restarts a task that panics, which is a fault of ours: no circuit and no key must stay as it is for that.
pub(super) async fn restart_on_panic<F: Future<Output = ()>>(
    task: &str,
    upstream: Option<String>,
    run: impl Fn() -> F,
) {
    while AssertUnwindSafe(async { run().await }).catch_unwind().await.is_err() {
        error!(upstream, "the {task} panicked: restarting it");
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_supervisor_that_panics_is_back_a_second_later() {
        let (start, starts) = (Instant::now(), AtomicU32::new(0));
        restart_on_panic("supervisor", None, || {
            let before = starts.fetch_add(1, Ordering::Relaxed);
            async move { assert!(before >= 2, "a fault of ours") }
        })
        .await;
        assert_eq!((start.elapsed(), starts.into_inner()), (PAUSE * 2, 3));
    }
}

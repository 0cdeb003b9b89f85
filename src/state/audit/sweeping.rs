//! Drops old records, step by step.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

use super::interface::KeptAudit;

/// From one sweep to the next.
const EVERY: Duration = Duration::from_secs(600);
/// For one step.
const DEADLINE: Duration = Duration::from_secs(10);
/// Steps of a sweep: what is left then goes with the next one.
const STEPS: usize = 100;

/// Drops what was kept for this long, again and again; never returns.
pub async fn keep_swept(store: Arc<dyn KeptAudit>, keep: Duration) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for _ in 0..STEPS {
            // A store that does not answer says so itself.
            if !matches!(timeout(DEADLINE, store.sweep(keep)).await, Ok(Ok(true))) {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::entry::Kept;
    use super::super::interface::Answered;
    use super::*;

    /// One that always has more to drop.
    #[derive(Default)]
    struct Endless(AtomicUsize);

    impl KeptAudit for Endless {
        fn page(&self, _: Option<i64>, _: usize) -> Answered<'_, Vec<Kept>> {
            Box::pin(async { Ok(Vec::new()) })
        }

        fn sweep(&self, _: Duration) -> Answered<'_, bool> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Ok(true) })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_sweep_is_bounded_and_goes_on_later() {
        let store = Arc::new(Endless::default());
        let sweeping = keep_swept(store.clone(), Duration::from_secs(1));
        assert!(timeout(EVERY / 2, sweeping).await.is_err(), "it never returns");
        assert_eq!(store.0.load(Ordering::Relaxed), STEPS);
        let sweeping = keep_swept(store.clone(), Duration::from_secs(1));
        assert!(timeout(EVERY + EVERY / 2, sweeping).await.is_err(), "it never returns");
        assert_eq!(store.0.load(Ordering::Relaxed), STEPS * 3);
    }
}

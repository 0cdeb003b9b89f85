//! Drops old records, step by step.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::state::store::Failed;

/// From one sweep to the next.
const EVERY: Duration = Duration::from_secs(600);
/// For one step.
const DEADLINE: Duration = Duration::from_secs(10);
/// Steps of a sweep: what is left then goes with the next one.
const STEPS: usize = 100;

/// Takes a step that drops old records, as long as there may be more, again and again; never returns.
pub async fn keep_swept(step: impl Fn() -> BoxFuture<'static, Result<bool, Failed>>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for _ in 0..STEPS {
            // A store that does not answer says so itself.
            if !matches!(timeout(DEADLINE, step()).await, Ok(Ok(true))) {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_sweep_is_bounded_and_goes_on_later() {
        let steps = Arc::new(AtomicUsize::new(0));
        // There is always more to drop.
        let endless = || {
            let steps = Arc::clone(&steps);
            move || -> BoxFuture<'static, _> {
                steps.fetch_add(1, Ordering::Relaxed);
                Box::pin(async { Ok(true) })
            }
        };
        assert!(timeout(EVERY / 2, keep_swept(endless())).await.is_err(), "it never returns");
        assert_eq!(steps.load(Ordering::Relaxed), STEPS);
        assert!(timeout(EVERY + EVERY / 2, keep_swept(endless())).await.is_err(), "it never returns");
        assert_eq!(steps.load(Ordering::Relaxed), STEPS * 3);
    }
}

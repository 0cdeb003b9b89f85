//! Slows down the answers to wrong keys: a few at once are a mistake, more are a client that tries keys.
//!
//! This does not stop a guesser (128 random bits in a key do that); it limits how much of this node's time guesses take.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore};
use tokio::time::sleep;

use crate::runtime::rate::Rate;
use crate::runtime::rate_limiter::RateLimiter;

/// Wrong keys that are answered at once.
const BURST: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// Time between two answers after the burst.
const INTERVAL: Duration = Duration::from_millis(50);
/// Wrong keys that may wait for their answer at a time.
const MAX_WAITING: usize = 40;

pub(super) struct AuthFailureThrottle {
    rate: RateLimiter,
    waiting: Semaphore,
    /// Held by the wrong key that is next. Its waiters are served in the order in which they came.
    next: Mutex<()>,
}

impl AuthFailureThrottle {
    pub(super) fn new() -> Self {
        let rate = Rate { calls: BURST, per: INTERVAL * BURST.get() };
        Self { rate: RateLimiter::new(rate), waiting: Semaphore::new(MAX_WAITING), next: Mutex::default() }
    }

    /// Waits until a wrong key may have its answer, at most [`INTERVAL`] times [`MAX_WAITING`]. If too many wait already, it
    /// returns that time at once.
    pub(super) async fn delay(&self) -> Result<(), Duration> {
        let Ok(_waiting) = self.waiting.try_acquire() else {
            return Err(INTERVAL * MAX_WAITING as u32);
        };
        let _next = self.next.lock().await;
        while let Err(wait) = self.rate.check() {
            sleep(wait).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::Poll;

    use futures_util::future::join_all;
    use futures_util::{FutureExt, poll};
    use tokio::time::{Instant, advance};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wrong_keys_are_answered_at_once_up_to_the_burst_and_slowly_after_it() {
        let throttle = AuthFailureThrottle::new();
        let start = Instant::now();
        for _ in 0..BURST.get() {
            throttle.delay().await.unwrap();
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..20 {
            throttle.delay().await.unwrap();
        }
        assert!(start.elapsed() >= INTERVAL * 20, "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_keys_beyond_the_waiting_limit_are_refused() {
        let throttle = Arc::new(AuthFailureThrottle::new());
        let many = BURST.get() as usize + MAX_WAITING + 10;
        let answers = join_all((0..many).map(|_| throttle.delay())).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_later_wrong_key_does_not_overtake_one_that_waits() {
        let throttle = AuthFailureThrottle::new();
        for _ in 0..BURST.get() {
            throttle.delay().await.unwrap();
        }
        let mut first = pin!(throttle.delay());
        assert!(poll!(first.as_mut()).is_pending());
        // The first may go now, but has not run yet.
        advance(INTERVAL).await;
        assert_eq!(throttle.delay().now_or_never(), None, "it overtook the first");
        assert_eq!(poll!(first), Poll::Ready(Ok(())));
    }
}

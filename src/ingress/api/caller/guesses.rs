//! Answers to wrong keys, slowed down: so many at once are a mistake, more are somebody who tries keys.
//!
//! This does not stop a guesser (a key of 128 random bits does that): it keeps him from taking our time.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::super::problem::{Kind, Problem};
use super::pace::{Pace, Rate};

/// Answered at once.
const BURST: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// Between two answers from there on.
const PACE: Duration = Duration::from_millis(50);
/// Wrong keys that wait for their answer; more are told to come back.
const LINE: usize = 40;

pub(super) struct Guesses {
    pace: Pace,
    line: Semaphore,
}

impl Guesses {
    pub(super) fn new() -> Self {
        let rate = Rate { calls: BURST, per: PACE * BURST.get() };
        Self { pace: Pace::new(rate), line: Semaphore::new(LINE) }
    }

    /// Waits until a wrong key may have its answer.
    pub(super) async fn delay(&self) -> Result<(), Problem> {
        let Ok(_in_line) = self.line.try_acquire() else {
            let detail = "Too many calls with wrong keys. A call with a right one is always served.";
            return Err(Problem::new(Kind::TooManyCalls, detail).retry_after(PACE * LINE as u32));
        };
        while let Err(wait) = self.pace.check() {
            sleep(wait).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::future::join_all;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_few_wrong_keys_are_answered_at_once_and_many_one_after_the_other() {
        let guesses = Guesses::new();
        let start = Instant::now();
        for _ in 0..BURST.get() {
            guesses.delay().await.unwrap();
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..20 {
            guesses.delay().await.unwrap();
        }
        assert!(start.elapsed() >= PACE * 20, "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_wait_than_the_line_is_long() {
        let guesses = Arc::new(Guesses::new());
        let many = BURST.get() as usize + LINE + 10;
        let answers = join_all((0..many).map(|_| guesses.delay())).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 10);
    }
}

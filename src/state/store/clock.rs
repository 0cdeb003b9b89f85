//! The time of a store that is this process's alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::runtime::millis::millis;
use crate::runtime::unix_time::UnixTime;

/// Tells the time; clones tell the same.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> UnixTime + Send + Sync>,
    /// In milliseconds.
    held_back: Arc<AtomicU64>,
}

/// The times of one moment.
#[derive(Clone, Copy)]
pub struct Times {
    /// The time that is written.
    pub now: UnixTime,
    /// What is kept until then is over.
    pub over: UnixTime,
}

impl Clock {
    /// Asks this function.
    pub fn new(now: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        Self { now: Arc::new(now), held_back: Arc::default() }
    }

    /// The time of day when this is called, and what has passed since: a wall clock that is set while the process runs
    /// makes no mail early and lets none expire.
    pub fn since_start() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let (start, started) = (UnixTime(0).after(since_1970), Instant::now());
        Self::new(move || UnixTime(start.0.saturating_add_unsigned(millis(started.elapsed()))))
    }

    /// The time now.
    pub fn now(&self) -> UnixTime {
        (self.now)()
    }

    /// What is kept until then is over: the time now, or an earlier one where the clock is not believed.
    pub fn over(&self) -> UnixTime {
        self.now().before(Duration::from_millis(self.held_back.load(Ordering::Relaxed)))
    }

    /// Both of them.
    pub fn times(&self) -> Times {
        Times { now: self.now(), over: self.over() }
    }

    /// The clock is ahead of what is known by so much, so what is kept is over so much later.
    pub(super) fn hold_back(&self, ahead: Duration) {
        self.held_back.store(millis(ahead), Ordering::Relaxed);
    }

    /// Is that so?
    pub(super) fn is_held_back(&self) -> bool {
        self.held_back.load(Ordering::Relaxed) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_goes_on_as_the_process_measures_it() {
        let clock = Clock::since_start();
        let start = clock.now();
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(clock.now(), start.after(Duration::from_secs(5)));
        assert!(start > UnixTime(1_700_000_000_000), "after 2023: {start:?}");
    }
}

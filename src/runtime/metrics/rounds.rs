//! When tasks that go round for ever last did. One that hangs neither panics nor ends: its age is all that shows it.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

/// A few tasks, and when each went round last. They count as having done so at the start.
pub(super) struct Rounds {
    start: Instant,
    /// In milliseconds from the start on.
    last: Vec<(&'static str, AtomicU64)>,
}

impl Rounds {
    pub(super) fn new(tasks: &[&'static str]) -> Self {
        Self { start: Instant::now(), last: tasks.iter().map(|task| (*task, AtomicU64::new(0))).collect() }
    }

    /// This task begins another round.
    pub(super) fn went(&self, task: &str) {
        if let Some((_, last)) = self.last.iter().find(|(name, _)| *name == task) {
            last.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Seconds since each task began its last round.
    pub(super) fn ages(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let now = self.now();
        self.last
            .iter()
            .map(move |(task, last)| (*task, now.saturating_sub(last.load(Ordering::Relaxed)) as f64 / 1000.0))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

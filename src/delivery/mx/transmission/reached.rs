//! Whether this machine has had a connection to anybody a moment ago.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// For so long a connection proves that there is a way out.
const FOR: Duration = Duration::from_secs(60);

/// When the last one was made.
#[derive(Default)]
pub(super) struct Reached(Mutex<Option<Instant>>);

impl Reached {
    pub(super) fn note(&self) {
        *self.lock() = Some(Instant::now());
    }

    pub(super) fn was_lately(&self) -> bool {
        self.lock().is_some_and(|at| at.elapsed() < FOR)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_counts_for_a_minute() {
        let reached = Reached::default();
        assert!(!reached.was_lately());
        reached.note();
        tokio::time::advance(FOR - Duration::from_secs(1)).await;
        assert!(reached.was_lately());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!reached.was_lately());
    }
}

//! Does the store hear of this node? One that has not been heard of for a while counts as dead, so it claims and marks no
//! more. That spares work; safety rests on the fences.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Half of the time after which other nodes take this one for dead.
const MAX_SILENCE: Duration = Duration::from_secs(15);

/// When the store was told last that this node lives.
#[derive(Default)]
pub(super) struct Liveness(Mutex<Option<Instant>>);

impl Liveness {
    /// The store has heard of this node, asked at `since`.
    pub(super) fn heard(&self, since: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(since);
    }

    /// Has it been heard of lately?
    pub(super) fn is_known(&self) -> bool {
        let heard = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.is_some_and(|heard| heard.elapsed() <= MAX_SILENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn node_that_was_not_heard_of_for_a_while_is_not_known() {
        let liveness = Liveness::default();
        assert!(!liveness.is_known(), "before the first time");
        liveness.heard(Instant::now());
        tokio::time::advance(MAX_SILENCE).await;
        assert!(liveness.is_known());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!liveness.is_known());
    }
}

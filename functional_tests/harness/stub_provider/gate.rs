//! Holds answers back until a test says so.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Holds answers back until the test opens it, for good.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Semaphore>);

impl Gate {
    pub(crate) fn shut() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// A closed semaphore lets nobody wait, now or later.
    pub(crate) fn open(&self) {
        self.0.close();
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.is_closed()
    }

    pub(crate) async fn passed(&self) {
        let refused = self.0.acquire().await;
        assert!(refused.is_err(), "a gate has no permits to give");
    }
}

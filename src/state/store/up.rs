//! Is the store up? Callers ask before they begin, and the metrics show it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::runtime::metrics::StoreMetrics;

/// Whether the store writes, and what is counted of it. Clones tell the same.
#[derive(Clone)]
pub(super) struct Up {
    up: Arc<AtomicBool>,
    pub(super) metrics: StoreMetrics,
}

impl Up {
    /// It is, or is not yet.
    pub(super) fn new(metrics: StoreMetrics, up: bool) -> Self {
        metrics.up(up);
        Self { up: Arc::new(AtomicBool::new(up)), metrics }
    }

    pub(super) fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// Was that a change?
    pub(super) fn set(&self, up: bool) -> bool {
        self.metrics.up(up);
        self.up.swap(up, Ordering::Relaxed) != up
    }
}

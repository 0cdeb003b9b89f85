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
    /// It is.
    pub(super) fn new(metrics: StoreMetrics) -> Self {
        metrics.up(true);
        Self { up: Arc::new(AtomicBool::new(true)), metrics }
    }

    pub(super) fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, up: bool) {
        self.up.store(up, Ordering::Relaxed);
        self.metrics.up(up);
    }
}

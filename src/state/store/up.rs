//! Is the store up? Calls ask before they write, health tells it, and the metrics show it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::runtime::metrics::StoreMetrics;

/// Whether the store writes, and what is counted of it. Clones tell the same.
#[derive(Clone)]
pub struct Up {
    up: Arc<AtomicBool>,
    pub(super) metrics: StoreMetrics,
}

impl Up {
    /// It is, or is not yet.
    pub fn new(metrics: StoreMetrics, up: bool) -> Self {
        metrics.up(up);
        Self { up: Arc::new(AtomicBool::new(up)), metrics }
    }

    /// Does it write?
    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// From now on it does, or does not. Was that a change?
    pub fn set(&self, up: bool) -> bool {
        self.metrics.up(up);
        self.up.swap(up, Ordering::Relaxed) != up
    }

    /// The word for answers.
    pub fn as_str(&self) -> &'static str {
        if self.is_up() { "up" } else { "down" }
    }
}

//! A node that was told to start without claiming, until an operator tells it to go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A pause of this node and this process: other nodes and the store know nothing of it. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct PausedStart(Arc<AtomicBool>);

impl PausedStart {
    /// Does this node start so?
    pub fn new(starts_paused: bool) -> Self {
        Self(Arc::new(AtomicBool::new(starts_paused)))
    }

    /// Does it still hold?
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The node may claim.
    pub fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

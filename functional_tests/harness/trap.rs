//! A trap: of all that happens while a node works, one thing is held back, and the test kills the node there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Counts what happens once it is armed.
pub(crate) struct Trap {
    at: usize,
    seen: AtomicUsize,
    is_armed: AtomicBool,
    sprung: Notify,
}

impl Trap {
    /// One that holds back what happens as this one in the count, from 1 on.
    pub(crate) fn at(at: usize) -> Arc<Self> {
        Arc::new(Self { at, seen: AtomicUsize::new(0), is_armed: AtomicBool::new(false), sprung: Notify::new() })
    }

    /// Counts from now on.
    pub(crate) fn arm(&self) {
        self.is_armed.store(true, Ordering::SeqCst);
    }

    /// Something happens: is it held back?
    pub(crate) fn springs(&self) -> bool {
        let springs = self.is_armed.load(Ordering::SeqCst) && self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.at;
        if springs {
            self.sprung.notify_one();
        }
        springs
    }

    /// Waits until something is held back.
    pub(crate) async fn sprung(&self) {
        self.sprung.notified().await;
    }

    /// How much has happened.
    pub(crate) fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }
}

//! Rows that are claimed and have no place in a window yet: until they have, what is free would be counted twice.

use std::convert::Infallible;

use tokio::sync::mpsc;

/// Held for a row until it has its place, or needs none.
pub(super) type Pending = mpsc::Sender<Infallible>;

/// The rows of one claim.
pub(super) struct Claim {
    pending: Pending,
    all_placed: mpsc::Receiver<Infallible>,
}

impl Claim {
    /// A claim of no row yet.
    pub(super) fn new() -> Self {
        let (pending, all_placed) = mpsc::channel(1);
        Self { pending, all_placed }
    }

    /// For one row.
    pub(super) fn row(&self) -> Pending {
        self.pending.clone()
    }

    /// Waits until none of its rows is pending. To get a place takes no input or output, so it does not take long.
    pub(super) async fn all_placed(mut self) {
        drop(self.pending);
        self.all_placed.recv().await;
    }
}

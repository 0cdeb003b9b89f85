//! Is the store an older copy of itself? Then it gives out nothing, and this node does not ask: mail that was sent since the
//! copy waits in it as if it were new.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{error, info};

use super::super::WentBack;

/// What the last heartbeat was answered.
#[derive(Default)]
pub(super) struct OlderCopy(AtomicBool);

impl OlderCopy {
    /// The store says that it is one, and why, or that it is not.
    pub(super) fn heard(&self, went_back: Option<WentBack>) {
        let was = self.0.swap(went_back.is_some(), Ordering::Relaxed);
        match went_back {
            Some(why) if !was => {
                error!(
                    %why,
                    "the store is an older copy of itself, or another one: nothing is sent from the outbox; look at it with \
                     smsp store status, then accept it with smsp store accept-restore"
                );
            }
            None if was => info!("the store is no older copy of itself any more"),
            _ => {}
        }
    }

    /// Is it one?
    pub(super) fn is_it(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

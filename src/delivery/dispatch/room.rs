//! How much mail an upstream takes now that can wait, and when to look again.
//!
//! Callers that wait come first: a quarter of the places of each upstream is theirs alone. The share of a ramped circuit is
//! obeyed here, because the plan of a mail has no other upstream to offer where all the others are down. What is read may be
//! old a moment later; the permits of the hand-over have the last word.

use std::future::pending;
use std::sync::Arc;

use futures_util::future::select_all;
use tokio::sync::watch::Receiver;

use crate::delivery::routing::ALL_MAIL;
use crate::delivery::upstream::Upstream;
use crate::delivery::upstream::history::CircuitHistory;

/// One in so many places of an upstream is kept for callers that wait.
const RESERVE: usize = 4;

/// An upstream that takes mail now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Its name.
    pub upstream: Arc<str>,
    /// How much mail more it takes now that can wait, the share of its circuit and its rates included.
    pub free: usize,
    /// The share of mail that its circuit takes, of 127.
    pub share: u8,
    /// Does it take a mail once for a while, however often it gets it?
    pub takes_once: bool,
}

impl Room {
    /// The part of so many that the share of the circuit allows: one at least, or the circuit could never prove itself.
    pub fn ramped(share: u8, of: usize) -> usize {
        (of * usize::from(share)).div_ceil(ALL_MAIL.into())
    }

    pub(super) fn at(upstream: &Arc<Upstream>) -> Self {
        let (share, limit) = (upstream.snapshot().share(), upstream.settings().concurrency);
        let free = (limit - limit / RESERVE).saturating_sub(upstream.in_flight());
        let tokens = upstream.tokens_left().map_or(usize::MAX, |tokens| usize::try_from(tokens).unwrap_or(usize::MAX));
        let (free, takes_once) = (Self::ramped(share, free).min(tokens), upstream.takes_once_for().is_some());
        Self { upstream: Arc::clone(upstream.name()), free, share, takes_once }
    }
}

/// Tells of transitions of any circuit.
pub struct Changes(pub(super) Vec<Receiver<CircuitHistory>>);

impl Changes {
    /// Waits for the next one.
    pub async fn next(&mut self) {
        if self.0.is_empty() {
            return pending().await;
        }
        let changes = self.0.iter_mut().map(|history| Box::pin(history.changed()));
        let changes: Vec<_> = changes.collect();
        // An error says that the upstream is gone, which ends this node.
        let _ = select_all(changes).await;
    }
}

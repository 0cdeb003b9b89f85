//! Finished spans on their way to the collector: bounded, and nobody who adds to it waits.
//!
//! The spans of a trace are taken together or not at all: a part of them would mislead. What is not taken, and what is taken
//! and then not known to have reached the collector, is counted as dropped, wherever it is lost.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::span::Span;

/// Spans that wait, at most.
pub(super) const CAPACITY: usize = 4096;
/// Spans of one request to the collector, at most.
pub(super) const BATCH: usize = 512;
/// How long a span waits for others, at most.
const ROUND: Duration = Duration::from_secs(1);

/// Hears how many spans were dropped.
pub(super) type OnDropped = Box<dyn Fn(u64) + Send + Sync>;

/// The spans that wait.
pub(super) struct Queue {
    state: Mutex<State>,
    /// There is something new to look at.
    changed: Notify,
    on_dropped: OnDropped,
}

#[derive(Default)]
struct State {
    spans: VecDeque<Span>,
    is_closed: bool,
}

/// Spans that were taken out. They are dropped unless it is said that they have arrived.
pub(super) struct Batch {
    spans: Vec<Span>,
    queue: Arc<Queue>,
}

impl Queue {
    /// Nothing waits yet.
    pub(super) fn new(on_dropped: OnDropped) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), changed: Notify::new(), on_dropped })
    }

    /// Adds the spans of one trace, if there is room for all.
    pub(super) fn add(&self, spans: Vec<Span>) {
        let mut state = self.state();
        if state.is_closed || state.spans.len() + spans.len() > CAPACITY {
            drop(state);
            return self.dropped(spans.len());
        }
        state.spans.extend(spans);
        drop(state);
        self.changed.notify_one();
    }

    /// Counts spans that are not sent.
    pub(super) fn dropped(&self, spans: usize) {
        if spans > 0 {
            (self.on_dropped)(spans as u64);
        }
    }

    /// Takes nothing more; what is there can be taken out at once.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_one();
    }

    /// The next spans, once there are enough of them or they have waited for long enough. `None`: it is closed and empty.
    pub(super) async fn next(self: &Arc<Self>) -> Option<Batch> {
        self.until(1).await;
        // Fewer are sent then.
        let _ = timeout(ROUND, self.until(BATCH)).await;
        let mut state = self.state();
        let count = state.spans.len().min(BATCH);
        let spans: Vec<_> = state.spans.drain(..count).collect();
        (count > 0).then(|| Batch { spans, queue: Arc::clone(self) })
    }

    /// Drops what waits.
    pub(super) fn clear(&self) {
        let spans = mem::take(&mut self.state().spans);
        self.dropped(spans.len());
    }

    /// Waits for so many spans, or until it is closed. One task waits.
    async fn until(&self, count: usize) {
        while !self.has(count) {
            self.changed.notified().await;
        }
    }

    fn has(&self, count: usize) -> bool {
        let state = self.state();
        state.is_closed || state.spans.len() >= count
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch {
    /// What is in it.
    pub(super) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The collector has them, but for so many.
    pub(super) fn arrived(mut self, rejected: u64) {
        let spans = mem::take(&mut self.spans);
        self.queue.dropped(spans.len().min(usize::try_from(rejected).unwrap_or(usize::MAX)));
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.queue.dropped(self.spans.len());
    }
}

#[cfg(test)]
mod tests;

//! What this node takes on at once, and what it sheds: so many bytes of bodies, so many mails.
//!
//! Bytes are counted as they come, not as they are announced, and a small body is never shed for them: a few large
//! ones must not keep the many small ones out. A mail takes its place once its body is complete, so that a slow caller
//! holds none; whoever finds no place within a moment is shed, for a queue only makes everybody late. What is held is
//! given back when it is dropped, and travels with the mail until that has its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::problem::{Kind, Problem};
use crate::runtime::metrics::{Held, Metrics};

/// Bytes of a body that no budget refuses.
pub(super) const SMALL: usize = 16 * 1024;
/// How long a mail may wait for a place.
const QUEUE_TIME: Duration = Duration::from_millis(5);
/// So many times more mails may be worked on than may wait.
const QUEUE_SHARE: usize = 8;
/// The longest wait that a caller who was shed is asked for: seconds.
const LONGEST_WAIT: u64 = 5;

/// How much is taken on at once.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Mails.
    pub max_in_flight: usize,
    /// Bytes of their bodies.
    pub max_in_flight_bytes: usize,
}

impl Settings {
    /// More than memory would bear.
    pub const MOST_IN_FLIGHT: usize = 1_000_000;
}

/// What is taken on now.
pub struct Load {
    places: Arc<Semaphore>,
    queue: Semaphore,
    bytes: Arc<AtomicUsize>,
    max_bytes: usize,
    metrics: Arc<Metrics>,
}

/// The bytes of one body, so far.
pub(super) struct BodyRoom {
    bytes: Arc<AtomicUsize>,
    held: usize,
    shown: Held,
}

/// Given back when the mail has its answer.
pub(super) struct Place {
    _body: BodyRoom,
    _permit: OwnedSemaphorePermit,
    _shown: Held,
}

impl Load {
    /// Nothing yet.
    pub fn new(settings: Settings, metrics: Arc<Metrics>) -> Self {
        Self {
            places: Arc::new(Semaphore::new(settings.max_in_flight)),
            queue: Semaphore::new(settings.max_in_flight.div_ceil(QUEUE_SHARE)),
            bytes: Arc::default(),
            max_bytes: settings.max_in_flight_bytes,
            metrics,
        }
    }

    /// Room for a body that is about to come.
    pub(super) fn body(&self) -> BodyRoom {
        BodyRoom { bytes: Arc::clone(&self.bytes), held: 0, shown: self.metrics.edge.body() }
    }

    /// Room for so many more bytes that have come.
    pub(super) fn grow(&self, room: &mut BodyRoom, more: usize) -> Result<(), Problem> {
        let all = self.bytes.fetch_add(more, Ordering::Relaxed) + more;
        room.held += more;
        room.shown.grow(more);
        if room.held > SMALL && all > self.max_bytes { Err(self.shed("bytes")) } else { Ok(()) }
    }

    /// A place for the mail whose body is complete.
    pub(super) async fn place(&self, body: BodyRoom) -> Result<Place, Problem> {
        let permit = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_) => self.wait().await,
        };
        let permit = permit.ok_or_else(|| self.shed("in_flight"))?;
        Ok(Place { _body: body, _permit: permit, _shown: self.metrics.edge.in_flight() })
    }

    /// In a line that is short both ways.
    async fn wait(&self) -> Option<OwnedSemaphorePermit> {
        let _in_line = self.queue.try_acquire().ok()?;
        timeout(QUEUE_TIME, Arc::clone(&self.places).acquire_owned()).await.ok()?.ok()
    }

    /// The answer to what finds no room.
    pub(super) fn shed(&self, reason: &'static str) -> Problem {
        self.metrics.edge.shed(reason);
        // Spread, or everybody who was shed would come back at once.
        let wait = Duration::from_secs(fastrand::u64(1..=LONGEST_WAIT));
        Problem::new(Kind::Overloaded, "This node has as much as it can take. Send the mail again after Retry-After.")
            .retry_after(wait)
    }
}

impl Drop for BodyRoom {
    fn drop(&mut self) {
        self.bytes.fetch_sub(self.held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn load(max_in_flight: usize, max_in_flight_bytes: usize) -> Arc<Load> {
        Arc::new(Load::new(Settings { max_in_flight, max_in_flight_bytes }, Arc::default()))
    }

    #[test]
    fn large_bodies_share_the_budget_and_small_ones_need_none() {
        let load = load(1, 64 * 1024);
        let (mut large, mut second, mut small) = (load.body(), load.body(), load.body());
        assert!(load.grow(&mut large, 60 * 1024).is_ok());
        assert!(load.grow(&mut small, SMALL).is_ok(), "small, though the budget is over");
        assert!(load.grow(&mut small, 1).is_err(), "not small any more");
        assert!(load.grow(&mut second, SMALL + 1).is_err());
        drop((large, small, second));
        assert_eq!(load.bytes.load(Ordering::Relaxed), 0, "everything is given back");
        assert!(load.grow(&mut load.body(), 64 * 1024).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_place_is_shed_within_a_moment() {
        let load = load(1, 1);
        let held = load.place(load.body()).await.ok();
        let start = Instant::now();
        assert!(load.place(load.body()).await.is_err());
        assert_eq!(start.elapsed(), QUEUE_TIME);
        drop(held);
        assert!(load.place(load.body()).await.is_ok(), "the place is free again");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_the_place_that_falls_free_and_the_line_is_short() {
        let load = load(1, 1);
        let held = load.place(load.body()).await.ok();
        let waiting = tokio::spawn({
            let load = Arc::clone(&load);
            async move { load.place(load.body()).await.is_ok() }
        });
        tokio::task::yield_now().await;
        let start = Instant::now();
        assert!(load.place(load.body()).await.is_err(), "a line of one is full");
        assert_eq!(start.elapsed(), Duration::ZERO);
        drop(held);
        assert!(waiting.await.unwrap());
    }

    #[test]
    fn who_is_shed_is_not_sent_away_for_the_same_time_as_everybody() {
        let load = load(1, 1);
        let waits: std::collections::BTreeSet<_> = (0..100).map(|_| format!("{:?}", load.shed("bytes"))).collect();
        assert!(waits.len() > 1, "{waits:?}");
    }
}

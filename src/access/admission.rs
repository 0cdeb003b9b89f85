//! What this node takes on at once: bytes of bodies, and mails in flight.
//!
//! Bytes are counted as they come, not as they are announced, and a small body is never shed for them: a few large
//! bodies must not keep many small ones out. Bodies that are read before their caller is known have a share of the bytes, so
//! that clients without a key do not keep those out that have one. A mail takes its permit once its body is complete, so that a slow client
//! holds none. A mail that gets no permit within [`QUEUE_TIME`] is shed: a queue only makes every mail late. What is
//! held is given back when it is dropped, and travels with the mail until the mail has its answer.

pub mod settings;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

pub use settings::Settings;

use super::refusal::Refusal;
use crate::runtime::metrics::{Held, Metrics, ShedReason};

/// A body of up to this many bytes is never shed for want of bytes.
pub const SMALL_BODY: usize = 16 * 1024;
/// One in so many bytes is for bodies whose caller is not known yet.
const UNIDENTIFIED_SHARE: usize = 4;
/// How long a mail may wait for its permit.
const QUEUE_TIME: Duration = Duration::from_millis(5);
/// How many times more mails may be in flight than may wait.
const QUEUE_SHARE: usize = 8;
/// The longest wait that a shed client is asked for: seconds.
const MAX_RETRY_AFTER: u64 = 5;

/// How much this node has taken on now.
pub struct Admission {
    permits: Arc<Semaphore>,
    queue: Semaphore,
    bytes: Arc<AtomicUsize>,
    unidentified: Arc<AtomicUsize>,
    max_bytes: usize,
    metrics: Arc<Metrics>,
}

/// The bytes of one body, as far as it has come.
pub struct BodyReservation {
    bytes: Arc<AtomicUsize>,
    /// Where they count, too, until the caller is known.
    unidentified: Option<Arc<AtomicUsize>>,
    held: usize,
    shown: Held,
}

/// One mail in flight with the bytes of its body; dropped when the mail has its answer.
pub struct InFlightPermit {
    _body: BodyReservation,
    _permit: OwnedSemaphorePermit,
    _shown: Held,
}

impl Admission {
    /// Nothing is taken on yet.
    pub fn new(settings: Settings, metrics: Arc<Metrics>) -> Self {
        metrics.limits.set("in_flight", settings.max_in_flight);
        metrics.limits.set("in_flight_bytes", settings.max_in_flight_bytes);
        Self {
            permits: Arc::new(Semaphore::new(settings.max_in_flight)),
            queue: Semaphore::new(settings.max_in_flight.div_ceil(QUEUE_SHARE)),
            bytes: Arc::default(),
            unidentified: Arc::default(),
            max_bytes: settings.max_in_flight_bytes,
            metrics,
        }
    }

    /// A reservation for a body of which no byte has come.
    pub fn body(&self) -> BodyReservation {
        BodyReservation { bytes: Arc::clone(&self.bytes), unidentified: None, held: 0, shown: self.metrics.edge.body() }
    }

    /// A reservation for a body that says whose it is, of which no byte has come.
    pub fn unidentified_body(&self) -> BodyReservation {
        let mut body = self.body();
        body.unidentified = Some(Arc::clone(&self.unidentified));
        body
    }

    /// Bytes of all bodies together whose caller is not known yet.
    pub fn max_unidentified(&self) -> usize {
        self.max_bytes / UNIDENTIFIED_SHARE
    }

    /// Adds bytes that have come.
    pub fn grow(&self, body: &mut BodyReservation, more: usize) -> Result<(), Refusal> {
        let all = self.bytes.fetch_add(more, Ordering::Relaxed) + more;
        body.held += more;
        body.shown.grow(more);
        let unidentified = body.unidentified.as_ref().map_or(0, |sum| sum.fetch_add(more, Ordering::Relaxed) + more);
        let is_full = all > self.max_bytes || unidentified > self.max_unidentified();
        if body.held > SMALL_BODY && is_full { Err(self.shed(ShedReason::Bytes)) } else { Ok(()) }
    }

    /// A permit for the mail whose body is complete.
    pub async fn admit(&self, body: BodyReservation) -> Result<InFlightPermit, Refusal> {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_) => self.wait_for_permit().await,
        };
        let permit = permit.ok_or_else(|| self.shed(ShedReason::InFlight))?;
        Ok(InFlightPermit { _body: body, _permit: permit, _shown: self.metrics.edge.in_flight() })
    }

    /// Waits for a permit: the number of mails that wait is bounded, and so is their time.
    async fn wait_for_permit(&self) -> Option<OwnedSemaphorePermit> {
        let _queued = self.queue.try_acquire().ok()?;
        timeout(QUEUE_TIME, Arc::clone(&self.permits).acquire_owned()).await.ok()?.ok()
    }

    fn shed(&self, reason: ShedReason) -> Refusal {
        self.metrics.edge.shed(reason);
        Refusal::Overloaded { retry_after: Duration::from_secs(fastrand::u64(1..=MAX_RETRY_AFTER)) }
    }
}

impl BodyReservation {
    /// Its caller is known.
    pub fn identified(&mut self) {
        if let Some(sum) = self.unidentified.take() {
            sum.fetch_sub(self.held, Ordering::Relaxed);
        }
    }
}

impl Drop for BodyReservation {
    fn drop(&mut self) {
        self.identified();
        self.bytes.fetch_sub(self.held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn admission(max_in_flight: usize, max_in_flight_bytes: usize) -> Arc<Admission> {
        Arc::new(Admission::new(Settings { max_in_flight, max_in_flight_bytes }, Arc::default()))
    }

    #[test]
    fn large_bodies_share_the_byte_budget_and_small_ones_need_none() {
        let admission = admission(1, 64 * 1024);
        let (mut large, mut second, mut small) = (admission.body(), admission.body(), admission.body());
        assert!(admission.grow(&mut large, 60 * 1024).is_ok());
        assert!(admission.grow(&mut small, SMALL_BODY).is_ok(), "small, though the budget is over");
        assert!(admission.grow(&mut small, 1).is_err(), "not small any more");
        assert!(admission.grow(&mut second, SMALL_BODY + 1).is_err());
        drop((large, small, second));
        assert_eq!(admission.bytes.load(Ordering::Relaxed), 0, "everything is given back");
        assert!(admission.grow(&mut admission.body(), 64 * 1024).is_ok());
    }

    #[test]
    fn bodies_of_callers_that_are_not_known_yet_leave_most_bytes_to_others() {
        let admission = admission(1, 256 * 1024);
        let (mut first, mut second) = (admission.unidentified_body(), admission.unidentified_body());
        assert!(admission.grow(&mut first, 60 * 1024).is_ok());
        assert!(admission.grow(&mut second, SMALL_BODY).is_ok(), "small");
        assert!(admission.grow(&mut second, 1).is_err());
        assert!(admission.grow(&mut admission.body(), 170 * 1024).is_ok(), "another one's");
        first.identified();
        assert!(admission.grow(&mut second, 1).is_ok(), "the share is for those that are not known");
        drop((first, second));
        let left = [&admission.bytes, &admission.unidentified].map(|sum| sum.load(Ordering::Relaxed));
        assert_eq!(left, [0, 0], "everything is given back, once");
    }

    #[tokio::test(start_paused = true)]
    async fn full_node_sheds_within_queue_time() {
        let admission = admission(1, 1);
        let permit = admission.admit(admission.body()).await.ok();
        let start = Instant::now();
        assert!(admission.admit(admission.body()).await.is_err());
        assert_eq!(start.elapsed(), QUEUE_TIME);
        drop(permit);
        assert!(admission.admit(admission.body()).await.is_ok(), "the permit is free again");
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_mail_gets_the_next_permit_and_the_queue_is_bounded() {
        let admission = admission(1, 1);
        let permit = admission.admit(admission.body()).await.ok();
        let waiting = tokio::spawn({
            let admission = Arc::clone(&admission);
            async move { admission.admit(admission.body()).await.is_ok() }
        });
        tokio::task::yield_now().await;
        let start = Instant::now();
        assert!(admission.admit(admission.body()).await.is_err(), "a queue of one is full");
        assert_eq!(start.elapsed(), Duration::ZERO);
        drop(permit);
        assert!(waiting.await.unwrap());
    }

    #[test]
    fn retry_after_of_shed_mails_varies() {
        let admission = admission(1, 1);
        let waits: std::collections::BTreeSet<_> =
            (0..100).map(|_| format!("{:?}", admission.shed(ShedReason::Bytes))).collect();
        assert!(waits.len() > 1, "{waits:?}");
    }
}

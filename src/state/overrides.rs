//! Orders of operators: carries them out, records each in the audit log, and ends overrides whose time is over.
//!
//! Invariants: orders and ends take effect one after the other, and the audit log has them in that order; no order takes
//! effect without a record; a later order for a circuit replaces the end of an earlier one. When an override ends is
//! kept here and not in the task that waits for it, so a task that starts anew after a panic goes on where the other
//! was. The lock is for orders alone: no mail takes it. Deliberately absent: who may order what, and a store: an
//! override ends with this process.

mod order;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tracing::info;

pub use order::{Change, Order, Status};

use crate::delivery::circuit::Override;
use crate::delivery::upstream::Upstream;
use crate::state::audit::{Actor, AuditLog, Origin, Record};

/// The end of an upstream's override, if it has one.
type End = Option<Instant>;

/// There is no upstream of this name.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownUpstream;

/// The overrides of all circuits.
pub struct Overrides {
    upstreams: Arc<[Arc<Upstream>]>,
    /// One for each upstream, at the same index.
    ends: Mutex<Vec<End>>,
    /// Wakes the task that waits for the first end.
    changed: Notify,
    audit: Arc<AuditLog<Change>>,
}

impl Overrides {
    /// No override of these upstreams ends by itself yet. Every change is recorded in `audit`.
    pub fn new(upstreams: Arc<[Arc<Upstream>]>, audit: Arc<AuditLog<Change>>) -> Self {
        let ends = Mutex::new(vec![None; upstreams.len()]);
        Self { upstreams, ends, changed: Notify::new(), audit }
    }

    /// Carries out an order for the circuit of this upstream.
    pub fn apply(&self, upstream: &str, order: Order, origin: Origin) -> Result<(), UnknownUpstream> {
        let index = self.index(upstream).ok_or(UnknownUpstream)?;
        let mut ends = self.lock();
        self.carry_out(index, &mut ends[index], order, origin);
        drop(ends);
        self.changed.notify_one();
        Ok(())
    }

    /// How long until the override of this upstream ends by itself, if it does.
    pub fn ends_in(&self, upstream: &str) -> Option<Duration> {
        let end = self.lock()[self.index(upstream)?]?;
        Some(end.saturating_duration_since(Instant::now()))
    }

    /// Ends each override when its time is over; never returns.
    pub async fn end_when_due(&self) {
        loop {
            let first = self.lock().iter().flatten().min().copied();
            // An order that comes meanwhile has left its notice.
            tokio::select! {
                () = self.changed.notified() => {}
                () = until(first) => self.end_all_due(Instant::now()),
            }
        }
    }

    fn end_all_due(&self, now: Instant) {
        let auto = Order::Override { to: Override::Auto, ends_after: None };
        for (index, end) in self.lock().iter_mut().enumerate() {
            if end.is_some_and(|end| end <= now) {
                self.carry_out(index, end, auto, Origin { actor: Actor::Timer, peer: None });
            }
        }
    }

    /// Under the lock of the ends, so that whatever changes a circuit by order has its record before the next one does.
    fn carry_out(&self, index: usize, end: &mut End, order: Order, origin: Origin) {
        let (upstream, now) = (&self.upstreams[index], Instant::now());
        let time_left = |end: End| end.map(|end| end.saturating_duration_since(now));
        let before = Status::of(upstream, time_left(*end));
        match order {
            Order::Override { to, ends_after } => {
                upstream.override_circuit(to);
                *end = ends_after.map(|time| now + time);
            }
            Order::Reset => upstream.reset(),
        }
        let after = Status::of(upstream, time_left(*end));
        let change = Change { upstream: Arc::clone(upstream.name()), order, before, after };
        log(&change, &origin);
        self.audit.push(Record { at: SystemTime::now(), origin, change });
    }

    fn index(&self, upstream: &str) -> Option<usize> {
        self.upstreams.iter().position(|known| **known.name() == *upstream)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<End>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for this time, or for ever.
async fn until(end: End) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}

fn log(change: &Change, origin: &Origin) {
    let Change { upstream, order, before, after } = change;
    let peer = origin.peer.map(|peer| peer.to_string());
    info!(
        upstream = &**upstream,
        who = origin.actor.as_str(),
        from = peer.as_deref().unwrap_or("none"),
        %order,
        %before,
        %after,
        "order carried out"
    );
}

#[cfg(test)]
mod tests;

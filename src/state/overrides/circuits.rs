//! The circuits of this node and what is ordered of them: orders are carried out one after the other, each with its record.
//!
//! The lock is for orders alone: no mail takes it. When an override ends is kept here and not in the task that waits for it,
//! so a task that starts anew after a panic goes on where the other was.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tracing::info;
use uuid::Uuid;

use super::interface::Row;
use super::order::{Change, Order, Status};
use crate::delivery::circuit::{Override, State};
use crate::delivery::upstream::Upstream;
use crate::runtime::unix_time::UnixTime;
use crate::state::audit::{Actor, AuditLog, Origin, Record};

/// Who holds a circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The name of who ordered it.
    pub who: Arc<str>,
    /// When: by the clock of the store where there is one, once the order is in it.
    pub since: UnixTime,
}

/// What holds for one circuit.
#[derive(Default)]
struct Held {
    /// When the override ends by itself, if it does.
    end: Option<Instant>,
    by: Option<Holder>,
    /// The last order that was carried out or taken over, by the name that it has in the store.
    id: Uuid,
    /// The resets in the store that need not be carried out any more; none: the store was not read yet.
    resets: Option<i64>,
}

/// An override whose time was over.
pub(super) struct Ended {
    /// Which order it was.
    pub(super) of: Uuid,
    pub(super) change: Change,
}

/// The circuits of all upstreams.
pub(super) struct Circuits {
    pub(super) upstreams: Arc<[Arc<Upstream>]>,
    /// One for each upstream, at the same index.
    held: Mutex<Vec<Held>>,
    /// Wakes the task that waits for the first end.
    changed: Notify,
    pub(super) audit: Arc<AuditLog<Change>>,
}

impl Circuits {
    pub(super) fn new(upstreams: Arc<[Arc<Upstream>]>, audit: Arc<AuditLog<Change>>) -> Self {
        let held = Mutex::new(upstreams.iter().map(|_| Held::default()).collect());
        Self { upstreams, held, changed: Notify::new(), audit }
    }

    pub(super) fn index(&self, upstream: &str) -> Option<usize> {
        self.upstreams.iter().position(|known| **known.name() == *upstream)
    }

    /// How long until the override of this upstream ends by itself, if it does.
    pub(super) fn ends_in(&self, index: usize) -> Option<Duration> {
        self.lock()[index].time_left(Instant::now())
    }

    /// Who holds the circuit of this upstream, if anybody does.
    pub(super) fn holder(&self, index: usize) -> Option<Holder> {
        let held = self.lock();
        let is_held = self.upstreams[index].snapshot().overriding != Override::Auto;
        held[index].by.clone().filter(|_| is_held)
    }

    /// What an order would change now.
    pub(super) fn foresee(&self, index: usize, order: Order) -> Change {
        let (upstream, held) = (&self.upstreams[index], self.lock());
        let before = Status::of(upstream, held[index].time_left(Instant::now()));
        let after = match order {
            Order::Override { to, ends_after } => Status { overriding: to, ends_in: ends_after, ..before },
            Order::Reset => Status { state: State::Closed, ..before },
        };
        Change { upstream: Arc::clone(upstream.name()), order, before, after }
    }

    /// Carries out an order, which has this name in the store.
    pub(super) fn carry_out(&self, index: usize, order: Order, origin: Origin, id: Uuid) -> Change {
        let mut all = self.lock();
        let held = &mut all[index];
        match order {
            Order::Override { .. } => held.id = id,
            // The store will have counted it before the node reads it there.
            Order::Reset => held.resets = held.resets.map(|resets| resets + 1),
        }
        let change = self.change(index, held, order, origin);
        drop(all);
        self.changed.notify_one();
        change
    }

    /// Takes over what holds in the store. A node that has just started does not carry out the resets before it.
    pub(super) fn take_over(&self, rows: &[Row]) {
        let mut all = self.lock();
        for (upstream, held) in self.upstreams.iter().zip(&mut *all) {
            if let Some(row) = rows.iter().find(|row| *row.upstream == **upstream.name()) {
                held.take_over(upstream, row);
            }
        }
        drop(all);
        self.changed.notify_one();
    }

    /// Takes over every row of the store: of an upstream without one, nothing was ordered.
    pub(super) fn take_over_all(&self, mut rows: Vec<Row>) {
        let without = |upstream: &&Arc<Upstream>| !rows.iter().any(|row| *row.upstream == **upstream.name());
        let none: Vec<_> = self.upstreams.iter().filter(without).map(|upstream| Row::none(upstream.name())).collect();
        rows.extend(none);
        self.take_over(&rows);
    }

    /// Waits until overrides are due, and ends them.
    pub(super) async fn end_due(&self) -> Vec<Ended> {
        loop {
            let first = self.lock().iter().filter_map(|held| held.end).min();
            // An order that comes meanwhile has left its notice.
            tokio::select! {
                () = self.changed.notified() => {}
                () = until(first) => return self.end_all_due(Instant::now()),
            }
        }
    }

    fn end_all_due(&self, now: Instant) -> Vec<Ended> {
        let auto = Order::Override { to: Override::Auto, ends_after: None };
        let mut ended = Vec::new();
        for (index, held) in self.lock().iter_mut().enumerate() {
            if held.end.is_some_and(|end| end <= now) {
                let origin = Origin { actor: Actor::Timer, peer: None };
                ended.push(Ended { of: held.id, change: self.change(index, held, auto, origin) });
            }
        }
        ended
    }

    /// Under the lock, so that whatever changes a circuit by order has its record before the next one does.
    fn change(&self, index: usize, held: &mut Held, order: Order, origin: Origin) -> Change {
        let (upstream, now) = (&self.upstreams[index], Instant::now());
        let before = Status::of(upstream, held.time_left(now));
        match order {
            Order::Override { to, ends_after } => {
                upstream.override_circuit(to);
                held.end = ends_after.map(|time| now + time);
                held.by = Some(Holder { who: origin.actor.as_str().into(), since: SystemTime::now().into() });
            }
            Order::Reset => upstream.reset(),
        }
        let after = Status::of(upstream, held.time_left(now));
        let change = Change { upstream: Arc::clone(upstream.name()), order, before, after };
        log(&change, &origin);
        self.audit.push(Record { at: SystemTime::now(), origin, change: change.clone() });
        change
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn time_left(&self, now: Instant) -> Option<Duration> {
        self.end.map(|end| end.saturating_duration_since(now))
    }

    fn take_over(&mut self, upstream: &Upstream, row: &Row) {
        let now = Instant::now();
        let before = Status::of(upstream, self.time_left(now));
        let known = self.resets.replace(row.resets);
        let is_reset = known.is_some_and(|known| row.resets > known);
        let is_new = row.id != self.id;
        if is_reset {
            upstream.reset();
        }
        if is_new {
            upstream.override_circuit(row.to);
        }
        // One that has ended here does not begin anew.
        if is_new || self.end.is_some() {
            self.end = row.ends_in.map(|left| now + left);
        }
        self.by = Some(Holder { who: row.who.as_str().into(), since: row.at });
        self.id = row.id;
        let after = Status::of(upstream, self.time_left(now));
        if is_reset || is_new && [before, after].iter().any(|status| status.overriding != Override::Auto) {
            let order = if is_new { row.to.as_str() } else { "reset" };
            info!(upstream = &**upstream.name(), who = row.who, order, %before, %after, "order taken over from the store");
        }
    }
}

/// Waits for this time, or for ever.
async fn until(end: Option<Instant>) {
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

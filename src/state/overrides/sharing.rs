//! Orders that all nodes of a store share: each is written before it takes effect, and what others have ordered is read.
//!
//! One task does all of it, one thing after the other, so that no read is older than an order that was carried out meanwhile.
//! The store has the last word: what differs there from what was carried out here is taken over, whatever numbers or clocks
//! say. So nodes agree also after a lost answer, a restored copy, or a jump of the clock. While the store does not answer, an
//! order takes effect at this node alone and waits to be written; nothing is read before it is. Every call has a deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use uuid::Uuid;

use super::circuits::{Circuits, Ended};
use super::encoding;
use super::inbox::{Inbox, Waiting};
use super::interface::{KeptOverrides, MAX_ROWS, Row, What, Writing};
use super::order::{Change, Order};
use super::unwritten::{self, Unwritten};
use crate::runtime::metrics::Metrics;
use crate::state::audit::{Actor, Entry, Origin};

/// From one read to the next.
pub(super) const EVERY: Duration = Duration::from_secs(2);
/// For a read: with the wait before it, less than the 5 s after which every node has an order.
const READING: Duration = Duration::from_secs(2);
/// For a write.
const WRITING: Duration = Duration::from_secs(3);

/// An order that waits for its turn.
pub(super) struct Given {
    pub(super) index: usize,
    pub(super) order: Order,
    pub(super) origin: Origin,
}

/// What a node shares with the others.
pub struct Sharing {
    store: Arc<dyn KeptOverrides>,
    node: String,
    metrics: Arc<Metrics>,
    pub(super) inbox: Inbox<Given>,
    pub(super) unwritten: Unwritten,
    /// Has the store ever said what holds?
    has_read: AtomicBool,
}

impl Sharing {
    /// By this store. Records name the node.
    pub fn new(store: Arc<dyn KeptOverrides>, node: String, metrics: Arc<Metrics>) -> Self {
        Self {
            store,
            node,
            metrics,
            inbox: Inbox::new(),
            unwritten: Unwritten::default(),
            has_read: AtomicBool::new(false),
        }
    }

    /// Carries out orders and reads, for ever.
    pub(super) async fn run(&self, circuits: &Circuits) {
        let (mut inbox, mut ticks) = (self.inbox.take(), interval(EVERY));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                Waiting { order, done } = inbox.next() => {
                    self.give(circuits, order).await;
                    // Who has asked may have gone.
                    let _ = done.send(());
                }
                _ = ticks.tick() => drop(self.read(circuits).await),
            }
        }
    }

    /// Writes an order, if the store lets it, and carries it out.
    async fn give(&self, circuits: &Circuits, given: Given) {
        let Given { index, order, origin } = given;
        let (id, foreseen) = (Uuid::new_v4(), circuits.foresee(index, order));
        let writing = Writing {
            upstream: foreseen.upstream.to_string(),
            what: What::Order(order),
            entry: self.entry(id, &origin, &foreseen),
            age: None,
        };
        let written = if self.write_waiting(circuits).await { self.write(&writing).await } else { None };
        match written {
            Some(row) => {
                circuits.carry_out(index, order, origin, id);
                circuits.take_over(&[row]);
            }
            None => self.carry_out_alone(circuits, Given { index, order, origin }, id),
        }
    }

    /// Carries it out at this node; the others hear of it once it is written.
    pub(super) fn carry_out_alone(&self, circuits: &Circuits, given: Given, id: Uuid) {
        let Given { index, order, origin } = given;
        let change = circuits.carry_out(index, order, origin.clone(), id);
        self.wait_for_store(&change, What::Order(order), self.entry(id, &origin, &change));
    }

    /// Has the end of an override written.
    pub(super) fn ended(&self, ended: &Ended) {
        let Ended { of, change, .. } = ended;
        let timer = Origin { actor: Actor::Timer, peer: None };
        self.wait_for_store(change, What::End(*of), self.entry(Uuid::new_v4(), &timer, change));
    }

    fn wait_for_store(&self, change: &Change, what: What, entry: Entry) {
        let (upstream, since) = (change.upstream.to_string(), Instant::now());
        self.unwritten.push(unwritten::Order { upstream, what, entry, since });
        self.metrics.admin.orders_unwritten(self.unwritten.len());
    }

    /// Takes over what all nodes have ordered. False: the store has not said it.
    pub(super) async fn read(&self, circuits: &Circuits) -> bool {
        if !self.write_waiting(circuits).await {
            return false;
        }
        let Ok(Ok(rows)) = timeout(READING, self.store.read()).await else { return false };
        // Of more rows than are read at once, those that are missing say nothing.
        match i64::try_from(rows.len()) {
            Ok(read) if read < MAX_ROWS => circuits.take_over_all(rows),
            _ => circuits.take_over(&rows),
        }
        self.has_read.store(true, Ordering::Relaxed);
        true
    }

    /// Does this node hold what the store holds for this upstream, as far as it has heard?
    pub(super) fn agrees(&self, upstream: &str) -> bool {
        self.has_read.load(Ordering::Relaxed) && !self.unwritten.has(upstream)
    }

    /// Writes what waits for that. False: something waits still, or the store is known to be down.
    async fn write_waiting(&self, circuits: &Circuits) -> bool {
        if !self.store.is_up() {
            return false;
        }
        while let Some(order) = self.unwritten.first() {
            let Some(row) = self.write(&order.clone().writing()).await else { return false };
            self.unwritten.remove(&order);
            self.metrics.admin.orders_unwritten(self.unwritten.len());
            circuits.take_over(&[row]);
        }
        true
    }

    async fn write(&self, writing: &Writing) -> Option<Row> {
        timeout(WRITING, self.store.write(writing)).await.ok().and_then(Result::ok)
    }

    fn entry(&self, id: Uuid, origin: &Origin, change: &Change) -> Entry {
        Entry {
            id,
            node: self.node.clone(),
            who: origin.actor.as_str().to_owned(),
            from: origin.peer.map(|peer| peer.to_string()),
            change: encoding::write(change),
        }
    }
}

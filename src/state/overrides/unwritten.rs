//! Orders that took effect at this node and are not in the store yet, because it did not answer.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tracing::warn;

use super::interface::{What, Writing};
use crate::state::audit::Entry;

/// More than people order while a store is away.
pub(super) const CAPACITY: usize = 1000;

/// One of them.
#[derive(Clone)]
pub(super) struct Order {
    pub(super) upstream: String,
    pub(super) what: What,
    pub(super) entry: Entry,
    /// When it took effect here.
    pub(super) since: Instant,
}

impl Order {
    /// As it is to be written now.
    pub(super) fn writing(self) -> Writing {
        let Self { upstream, what, entry, since } = self;
        Writing { upstream, what, entry, age: Some(since.elapsed()) }
    }
}

/// All of them, in the order in which they took effect.
#[derive(Default)]
pub(super) struct Unwritten(Mutex<VecDeque<Order>>);

impl Unwritten {
    /// Adds one. Where there are too many, one goes that a later one for its circuit has replaced: the log has it still.
    pub(super) fn push(&self, order: Order) {
        let mut orders = self.lock();
        orders.push_back(order);
        if orders.len() > CAPACITY {
            let replaced = |order: &Order| orders.iter().filter(|other| other.upstream == order.upstream).count() > 1;
            let place = orders.iter().position(replaced).unwrap_or_default();
            orders.remove(place);
            warn!("too many orders wait for the store: the record of the oldest one is lost");
        }
    }

    /// The oldest one, which stays.
    pub(super) fn first(&self) -> Option<Order> {
        self.lock().front().cloned()
    }

    /// This one is in the store.
    pub(super) fn remove(&self, written: &Order) {
        self.lock().retain(|order| order.entry.id != written.entry.id);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Is there an order of an operator for this upstream?
    pub(super) fn has(&self, upstream: &str) -> bool {
        self.lock().iter().any(|order| order.upstream == upstream && matches!(order.what, What::Order(_)))
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Order>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::order;
    use super::*;

    fn order(number: usize, upstream: &str) -> Order {
        let id = Uuid::from_u128(number as u128);
        let entry = Entry { id, node: "n".into(), who: "ada".into(), from: None, change: String::new() };
        Order { upstream: upstream.into(), what: What::Order(order::Order::Reset), entry, since: Instant::now() }
    }

    #[test]
    fn too_many_orders_lose_those_that_later_ones_have_replaced() {
        let unwritten = Unwritten::default();
        unwritten.push(order(0, "mg"));
        for number in 1..=CAPACITY + 5 {
            unwritten.push(order(number, "sg"));
        }
        assert_eq!((unwritten.len(), unwritten.has("mg"), unwritten.has("ses")), (CAPACITY, true, false));
        let first = unwritten.first().unwrap();
        assert_eq!(first.upstream, "mg");
        unwritten.remove(&first);
        assert_eq!(unwritten.first().unwrap().entry.id, Uuid::from_u128(7));
    }
}

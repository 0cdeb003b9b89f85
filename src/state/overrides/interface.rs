//! What a store does with the orders for circuits of all nodes: one conformance suite runs on both kinds.
//!
//! A store has one row for each upstream that was ever ordered something: which override holds, by which order, and how often
//! the circuit was reset. That is all that a node needs: it compares the row with what it has carried out.

use std::time::Duration;

use uuid::Uuid;

use super::order::Order;
use crate::delivery::circuit::Override;
use crate::runtime::unix_time::UnixTime;
use crate::state::audit::Entry;
use crate::state::store::Answered;

/// Something to be written, once however often it is tried: its record names it.
#[derive(Clone, Debug)]
pub struct Writing {
    /// Whose circuit it is about.
    pub upstream: String,
    /// What it is.
    pub what: What,
    /// Its record. The id of that is the id of the order too.
    pub entry: Entry,
    /// How long ago it took effect at its node, where it could not be written at once; none: it is written first.
    pub age: Option<Duration>,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// An order of an operator.
    Order(Order),
    /// The end of the override that the order of this id has made: its time was over.
    End(Uuid),
}

/// What holds for one upstream at all nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name. A node that does not have it leaves the row alone.
    pub upstream: String,
    /// The order that holds, or the end of one; nil: there was none.
    pub id: Uuid,
    /// What holds.
    pub to: Override,
    /// Until it ends by itself, if it does.
    pub ends_in: Option<Duration>,
    /// Who has ordered it.
    pub who: String,
    /// When it was ordered, by the clock of the store.
    pub at: UnixTime,
    /// How often the circuit was reset.
    pub resets: i64,
}

impl Row {
    /// That of an upstream that nothing was ordered of.
    pub fn none(upstream: &str) -> Self {
        let (upstream, who) = (upstream.to_owned(), String::new());
        Self { upstream, id: Uuid::nil(), to: Override::Auto, ends_in: None, who, at: UnixTime(0), resets: 0 }
    }
}

/// Rows that are read at once: more than anybody has upstreams.
pub(super) const MAX_ROWS: i64 = 1000;

/// The orders for circuits of all nodes that share a store.
pub trait KeptOverrides: Send + Sync {
    /// Writes an order with its record, in one transaction, or the end of an override. The row as it is then.
    ///
    /// The later COMMIT of two orders holds. One that could not be written at once
    /// holds only if no order is in the store that is younger, by the clock of the store; its record stays in any case. A
    /// reset always counts. The end of an override is written, and recorded, only while that override holds: so once, though
    /// each node tries.
    fn write<'a>(&'a self, writing: &'a Writing) -> Answered<'a, Row>;

    /// Every row.
    fn read(&self) -> Answered<'_, Vec<Row>>;

    /// Does the store write? Where it does not, nobody has to wait for its answer.
    fn is_up(&self) -> bool;
}

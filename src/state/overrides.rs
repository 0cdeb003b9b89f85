//! Orders of operators: carries them out, records each in the audit log, and ends overrides whose time is over.
//!
//! Invariants: orders and ends take effect one after the other, and the audit log has them in that order; no order takes
//! effect without a record; a later order for a circuit replaces the end of an earlier one. Where there is a store, all nodes
//! share the orders ([`Sharing`]): they survive a restart. Without one they end with this process. Deliberately absent: who
//! may order what.

mod circuits;
mod encoding;
mod inbox;
mod interface;
mod order;
mod postgres;
mod sharing;
mod sqlite;
mod unwritten;

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;
use uuid::Uuid;

pub use circuits::Holder;
pub use encoding::read_change;
pub use interface::{KeptOverrides, Row, What, Writing};
pub use order::{Change, Order, Status};
pub use postgres::{PostgresOverrides, TABLES as POSTGRES_TABLES};
pub use sharing::Sharing;
pub use sqlite::{SqliteOverrides, TABLES};

use crate::delivery::upstream::Upstream;
use crate::state::audit::{AuditLog, Origin};
use circuits::Circuits;
use sharing::Given;

/// There is no upstream of this name.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownUpstream;

/// The overrides of all circuits.
pub struct Overrides {
    circuits: Circuits,
    sharing: Option<Sharing>,
}

impl Overrides {
    /// No override of these upstreams ends by itself yet. Every change is recorded in `audit`.
    pub fn new(upstreams: Arc<[Arc<Upstream>]>, audit: Arc<AuditLog<Change>>) -> Self {
        Self { circuits: Circuits::new(upstreams, audit), sharing: None }
    }

    /// They are shared with other nodes from now on.
    pub fn shared(self, sharing: Sharing) -> Self {
        Self { sharing: Some(sharing), ..self }
    }

    /// Carries out an order for the circuit of this upstream; where there is a store, once it is written there, or once the
    /// store has not answered in time.
    pub async fn order(&self, upstream: &str, order: Order, origin: Origin) -> Result<(), UnknownUpstream> {
        let index = self.circuits.index(upstream).ok_or(UnknownUpstream)?;
        let Some(sharing) = &self.sharing else {
            self.circuits.carry_out(index, order, origin, Uuid::nil());
            return Ok(());
        };
        let given = || Given { index, order, origin: origin.clone() };
        if !sharing.inbox.ask(given()).await {
            // The task has panicked: how far it had come is not known, and to carry the order out again does no harm.
            sharing.carry_out_alone(&self.circuits, given(), Uuid::new_v4());
        }
        Ok(())
    }

    /// How long until the override of this upstream ends by itself, if it does.
    pub fn ends_in(&self, upstream: &str) -> Option<Duration> {
        self.circuits.ends_in(self.circuits.index(upstream)?)
    }

    /// Who holds the circuit of this upstream by an override, if anybody does.
    pub fn holder(&self, upstream: &str) -> Option<Holder> {
        self.circuits.holder(self.circuits.index(upstream)?)
    }

    /// Are all orders for this upstream in the store, and known here? Not before the store has been read. None: there is none.
    pub fn are_in_store(&self, upstream: &str) -> Option<bool> {
        self.sharing.as_ref().map(|sharing| sharing.agrees(upstream))
    }

    /// Takes over what holds in the store, before this node serves. Where that does not answer in time, the node goes on
    /// asking.
    pub async fn begin(&self) {
        if let Some(sharing) = &self.sharing
            && !sharing.read(&self.circuits).await
        {
            warn!("the overrides in the store cannot be read: this node starts without them, and goes on asking");
        }
    }

    /// Shares orders with other nodes; never returns.
    pub async fn share(&self) {
        match &self.sharing {
            Some(sharing) => sharing.run(&self.circuits).await,
            None => std::future::pending().await,
        }
    }

    /// Ends each override when its time is over; never returns.
    pub async fn end_when_due(&self) {
        loop {
            let ended = self.circuits.end_due().await;
            if let Some(sharing) = &self.sharing {
                ended.iter().for_each(|ended| sharing.ended(ended));
            }
        }
    }
}

#[cfg(test)]
mod fake;
#[cfg(test)]
mod sharing_tests;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;

//! What all tasks of the pump share.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};

use super::super::row::{NodeId, RowId};
use super::super::{Outbox, PausedStart, Traces};
use super::callers::Callers;
use super::conclusion::{Obstacle, Policy};
use super::contents::Contents;
use super::direct::DirectDelivery;
use super::direct::ahead::Ahead;
use super::direct::closed::Closed;
use super::direct::of_domains::OfDomains;
use super::in_hand::InHand;
use super::liveness::Liveness;
use super::older_copy::OlderCopy;
use super::repeats::Repeats;
use super::windows::Windows;
use crate::delivery::dispatch::Dispatcher;
use crate::runtime::metrics::OutboxMetrics;
use crate::runtime::shutdown::Shutdown;
use crate::state::store::MissingKeys;

/// For the store to answer, where a call that was carried out unheard does no harm.
pub(super) const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// Rows of one claim, at most.
pub(super) const MAX_ROWS: usize = 100;
/// Until the store is asked again, where nothing has happened meanwhile.
pub(super) const POLL: Duration = Duration::from_secs(1);
/// Parts in hand, at most.
pub(super) const MAX_PARTS: usize = 500;

/// What the pump works with.
pub struct Parts {
    /// The rows.
    pub store: Arc<dyn Outbox>,
    /// Their contents.
    pub contents: Arc<dyn Contents>,
    /// Where they go.
    pub dispatcher: Arc<Dispatcher>,
    /// This process.
    pub node: NodeId,
    /// How it ends: from the stop signal on nothing is claimed or marked, and what is under way has its time.
    pub drain: Shutdown,
    /// How it goes on with what was not taken.
    pub policy: Policy,
    /// Mails in flight at one upstream, at most.
    pub max_window: u16,
    /// Nothing is claimed before an operator says so.
    pub paused_start: PausedStart,
    /// How mail reaches its recipients' own servers; `None`: none goes there.
    pub direct: Option<Arc<DirectDelivery>>,
    /// Where its tasks say that they go round.
    pub metrics: Arc<OutboxMetrics>,
    /// Where the traces of its mails go.
    pub traces: Traces,
}

/// What all tasks share.
pub(super) struct Context {
    pub(super) parts: Parts,
    pub(super) windows: Windows,
    pub(super) callers: Callers,
    pub(super) in_hand: InHand,
    pub(super) obstacles: Repeats<(RowId, Obstacle)>,
    /// Replays that have brought no clarity.
    pub(super) unclear_replays: Repeats<RowId>,
    /// Keys of other nodes, under which mail is sealed.
    pub(super) missing_keys: MissingKeys,
    pub(super) liveness: Liveness,
    pub(super) older_copy: OlderCopy,
    /// One for each part in hand.
    pub(super) places: Arc<Semaphore>,
    /// The bytes of parts in hand, beside those of rows: a server that takes a mail slowly holds up no provider.
    pub(super) parts_in_hand: InHand,
    /// Those of each domain.
    pub(super) of_domains: OfDomains,
    /// Domains whose sites take no mail for a time.
    pub(super) closed: Closed,
    /// Mail that has upstreams and is split.
    pub(super) ahead: Ahead,
    /// There may be something to claim.
    pub(super) wake: Notify,
}

impl Context {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            windows: Windows::new(parts.dispatcher.names(), parts.max_window),
            parts,
            callers: Callers::default(),
            in_hand: InHand::default(),
            parts_in_hand: InHand::default(),
            of_domains: OfDomains::default(),
            obstacles: Repeats::default(),
            unclear_replays: Repeats::default(),
            missing_keys: MissingKeys::default(),
            liveness: Liveness::default(),
            older_copy: OlderCopy::default(),
            places: Arc::new(Semaphore::new(MAX_PARTS)),
            closed: Closed::default(),
            ahead: Ahead::default(),
            wake: Notify::new(),
        }
    }

    /// May senders be told now whom their mail does not reach?
    pub(super) fn may_tell(&self) -> bool {
        !self.parts.drain.is_draining() && !self.older_copy.is_it() && !self.parts.paused_start.is_on()
    }

    /// May rows be claimed and marked now?
    pub(super) fn may_work(&self) -> bool {
        let is_held = self.parts.paused_start.is_on() || self.older_copy.is_it();
        !self.parts.drain.is_draining() && self.liveness.is_known() && !is_held
    }
}

//! The outbox of a node, and how long its store may take to answer.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::timeout;

use super::filed::Filed;
use super::settings::Settings;
use crate::model::submission::Submission;
use crate::runtime::metrics::{Mails, OutboxMetrics};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::pump::Policy;
use crate::state::outbox::{Acceptance, Answered, Batch, Drain, Failed, Outbox, PausedStart, Room, Sealer};
use crate::state::store::Up;

/// How long the store may take for one call. A caller waits for its answer.
pub(super) const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// A caller whose own share is not set may take one part in so many of the outbox.
const PARTS: u64 = 10;

/// Asks for the oldest mail of each site.
type OldestOfSites = Box<dyn Fn(Vec<String>) -> BoxFuture<'static, Vec<Option<UnixTime>>> + Send + Sync>;

/// What the service works with.
pub struct Parts {
    /// The rows.
    pub store: Arc<dyn Outbox>,
    /// What tells whether they can be written.
    pub up: Up,
    /// Seals and opens what the store keeps.
    pub sealer: Sealer,
    /// Finds out where a mail may go, by the rules of now.
    pub file: Box<dyn Fn(&Submission) -> Filed + Send + Sync>,
    /// Tells the pump of new rows.
    pub wake: Box<dyn Fn() + Send + Sync>,
    /// Has the mail for this site of the node come by at once that waits because the site took none.
    pub open_site: Box<dyn Fn(String) + Send + Sync>,
    /// Since when the oldest mail for each of these sites is in the store, as far as is known.
    pub oldest_of_sites: OldestOfSites,
    /// What holds the pump of this node back until an operator lets it go on.
    pub paused_start: PausedStart,
    /// How the pump goes on with what was not taken.
    pub policy: Policy,
    /// Where it is counted what becomes of mail of `POST /email`.
    pub metrics: Arc<OutboxMetrics>,
    /// Where it is counted what callers were told of their mails.
    pub mails: Mails,
    /// What the counts of this node have shown last.
    pub drain: Drain,
}

/// The outbox of this node, for every way in.
pub struct OutboxService {
    pub(super) parts: Parts,
    pub(super) room: Room,
    pub(super) expiry: Duration,
    pub(super) falls_back: bool,
}

impl OutboxService {
    /// Over this store.
    pub fn new(parts: Parts, settings: &Settings) -> Self {
        Self { parts, room: settings.room(), expiry: settings.expiry, falls_back: settings.fallback }
    }

    /// What one caller may take, whose own share may be set.
    pub(super) fn callers_room(&self, rows: Option<usize>, bytes: Option<usize>) -> Room {
        let part = |own: Option<usize>, all: u64| own.map_or(all.div_ceil(PARTS), |own| own as u64);
        Room { rows: part(rows, self.room.rows), bytes: part(bytes, self.room.bytes) }
    }
}

impl OutboxService {
    /// The answer of the store to a batch, in this time. Without one, nothing was or will be written of a batch that the store
    /// has not begun with.
    pub(super) async fn accepted(&self, batch: Batch, time: Duration) -> Result<Vec<Acceptance>, Failed> {
        let withdrawal = batch.withdrawal.clone();
        let silent = |_| if withdrawal.withdraw() { Err(Failed::Down) } else { Err(Failed::Unclear) };
        timeout(time, self.parts.store.accept(batch)).await.unwrap_or_else(silent)
    }
}

/// The answer of a call that may write.
pub(super) async fn written<T>(call: Answered<'_, T>) -> Result<T, Failed> {
    timeout(STORE_TIMEOUT, call).await.unwrap_or(Err(Failed::Unclear))
}

/// The answer of a call that only reads: if there is none, nothing is unclear.
pub(super) async fn read<T>(call: Answered<'_, T>) -> Result<T, Failed> {
    timeout(STORE_TIMEOUT, call).await.unwrap_or(Err(Failed::Down)).map_err(|_| Failed::Down)
}

//! What a store does with the records of all nodes: one conformance suite runs on both kinds.
//!
//! How a record is written is not here: what makes a change writes it in its own transaction.

use std::time::Duration;

use super::entry::Kept;
use crate::state::store::Answered;

/// Records that are kept at most, however young they are.
pub(super) const MAX_RECORDS: i64 = 1_000_000;

/// Records that one step of a sweep looks at.
pub(super) const STEP: i64 = 1000;

/// The records of all nodes that share a store.
pub trait KeptAudit: Send + Sync {
    /// The newest records, or those before this number, the newest first: at most `limit`.
    fn page(&self, before: Option<i64>, limit: usize) -> Answered<'_, Vec<Kept>>;

    /// Drops the oldest records that were kept for this long, or are too many: one step. True: there may be more.
    fn sweep(&self, keep: Duration) -> Answered<'_, bool>;
}

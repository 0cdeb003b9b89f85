//! What was tried with a submission before it came into the outbox.
//!
//! The store keeps it under a fence that no claim has: no verdict of a claim is taken for one of these, and none of these for
//! one that is in doubt. Deliberately absent: hand-overs that may have succeeded. Such mail does not come into the outbox.

use std::time::Duration;

use super::ending::Verdict;

/// The fence of what was tried before any claim.
pub(super) const FENCE: i64 = 0;

/// What was tried before, and what it counts for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Each hand-over, and each upstream that was left out, the first one first. Each is a definite no.
    pub tried: Vec<Tried>,
    /// Attempts that count.
    pub attempts: u32,
}

/// A hand-over before the acceptance, or why there was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// What it came to.
    pub verdict: Verdict,
    /// How long before the acceptance it began.
    pub ago: Duration,
}

//! Turns of mails without a key, for each set of upstreams that may take them.
//!
//! With one counter for all mail, two streams that alternate would have every other turn each: a stream would come to some
//! of its upstreams only, and the mail for a floor might always be one that its standby may not send. So a mail counts
//! among those that the same upstreams may take. No lock.

use std::array;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::delivery::routing::Candidate;

/// Upstreams that sets are told apart by. Where there are more, some sets share a counter.
const TOLD_APART: usize = 6;

/// A counter for each set.
#[derive(Debug)]
pub(super) struct Turns(pub(super) [AtomicUsize; 1 << TOLD_APART]);

impl Turns {
    pub(super) fn new() -> Self {
        Self(array::from_fn(|_| AtomicUsize::new(0)))
    }

    /// The turn of a mail that these upstreams may take, whatever their circuits.
    pub(super) fn next(&self, candidates: &[Candidate]) -> usize {
        let takers = candidates.iter().filter(|candidate| candidate.left_out.is_none());
        let set = takers.fold(0, |set, taker| set ^ (1 << (taker.upstream % TOLD_APART)));
        self.0[set].fetch_add(1, Ordering::Relaxed)
    }
}

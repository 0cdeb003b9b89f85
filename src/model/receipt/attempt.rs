//! One try at one upstream.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::model::outcome::{Outcome, Reason, Verdict};

/// What was tried, and what came of it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The upstream's name.
    pub upstream: Arc<str>,
    /// What it came to.
    pub verdict: Verdict,
    /// From hand-over to verdict; `None`: the mail was not offered at all.
    pub took: Option<Duration>,
    /// When it ended.
    pub ended_at: Instant,
    /// The field at the provider, and its value, by which the mail can be looked up there; `Some` where the provider may
    /// have it.
    pub lookup: Option<Box<(&'static str, String)>>,
}

impl Attempt {
    /// May this upstream have the mail, for want of a clear answer? [`Reason::Duplicate`] is a clear answer: the provider
    /// knows the id from before, and would say so again.
    pub fn was_silent(&self) -> bool {
        self.is_unknown() && self.verdict.reason != Reason::Duplicate
    }

    /// May this upstream have the mail?
    pub fn is_unknown(&self) -> bool {
        self.verdict.outcome == Outcome::Unknown
    }

    /// Might this upstream take the mail later?
    pub fn was_put_off(&self) -> bool {
        matches!(self.verdict.outcome, Outcome::Throttled | Outcome::Deferred | Outcome::Cancelled)
    }
}

//! What is told of a mail that is only asked about: its rule, and the place of every upstream in its plan.

use std::sync::Arc;
use std::time::Duration;

use crate::delivery::routing::Availability;

/// Where a mail would go.
#[derive(Debug)]
pub struct Explanation {
    /// The name of the rule that chose the upstreams.
    pub rule: Option<Arc<str>>,
    /// Every upstream, in the order in which the mail would be offered to them; those left out come last.
    pub plan: Vec<ExplainedPlace>,
    /// Does it go to its recipients' own servers, if no upstream takes it?
    pub is_direct: bool,
}

/// The place of one upstream.
#[derive(Debug)]
pub struct ExplainedPlace {
    /// The name of the upstream.
    pub upstream: Arc<str>,
    /// The share of mail like this that comes to it first. Of a mail with a key: 1 for the first, 0 for the others.
    pub share: f64,
    /// Whether it takes the mail.
    pub availability: Availability,
    /// More about why it is left out: the reason of an open circuit, or what the upstream cannot carry.
    pub detail: Option<String>,
    /// Until its circuit is probed; `None`: it is closed, or an operator has forced it open.
    pub next_probe: Option<Duration>,
}

impl Explanation {
    /// Would the mail be offered to any upstream?
    pub fn is_offered(&self) -> bool {
        self.plan.iter().any(|place| matches!(place.availability, Availability::Ready | Availability::Ramping))
    }
}

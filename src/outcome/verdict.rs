//! An outcome with its evidence.

use std::fmt;
use std::time::Duration;

use super::{Blame, Outcome, Reason};

/// An outcome with its evidence: what an adapter returns for every call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What the attempt came to.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The provider's own id for the mail, if it gave one.
    pub provider_message_id: Option<String>,
    /// How long the provider asks us to wait, if it said so; it counts where this is [`Outcome::Throttled`].
    pub retry_after: Option<Duration>,
    /// Every recipient, of a mail that was [`Outcome::Accepted`] for some and refused for others; else none.
    pub recipients: Vec<Recipient>,
}

/// What became of one recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address, as the provider repeats it.
    pub email: String,
    /// What the mail came to for this one.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
}

impl fmt::Debug for Recipient {
    /// No address reaches a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({}, {})", self.outcome.as_str(), self.reason)
    }
}

impl Verdict {
    /// Whom it speaks against, of a mail: an account whose mail is stuck is no better than one that is refused.
    pub fn blame(&self) -> Blame {
        if self.reason == Reason::Stuck { Blame::Account } else { self.outcome.blame() }
    }

    /// The same of a dummy.
    pub fn blame_of_probe(&self) -> Blame {
        if self.reason == Reason::Stuck { Blame::Account } else { self.outcome.blame_of_probe() }
    }

    /// An outcome and its reason, nothing else.
    pub fn new(outcome: Outcome, reason: Reason) -> Self {
        Self { outcome, reason, provider_message_id: None, retry_after: None, recipients: Vec::new() }
    }

    /// Accepted, with the provider's id where there is one.
    pub fn accepted(reason: Reason, provider_message_id: Option<String>) -> Self {
        Self { provider_message_id, ..Self::new(Outcome::Accepted, reason) }
    }

    /// With the wait that the provider asks for, if none is known yet, clamped to 1 s to 1 h: absurd values are a
    /// provider's bug.
    pub fn waiting(self, wait: Option<Duration>) -> Self {
        let wait = wait.map(|wait| wait.clamp(Duration::from_secs(1), Duration::from_secs(3600)));
        Self { retry_after: self.retry_after.or(wait), ..self }
    }
}

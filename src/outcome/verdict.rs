//! An outcome with its evidence.

use std::fmt;
use std::time::Duration;

use super::{Blame, Code, Outcome, Reason, Subject};

/// An outcome with its evidence: what an adapter returns for every call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What the attempt came to.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// What the provider's answer speaks of, where a table says so.
    pub subject: Option<Subject>,
    /// The provider's own code, if it is listed.
    pub code: Option<Code>,
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
    /// The address, as the message has it.
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
    /// Whom it speaks against, as the verdict on a mail.
    pub fn blame(&self) -> Blame {
        self.blame_by_reason().unwrap_or(self.outcome.blame())
    }

    /// Whom it speaks against, as the verdict on a probe.
    pub fn blame_of_probe(&self) -> Blame {
        self.blame_by_reason().unwrap_or(self.outcome.blame_of_probe())
    }

    /// An account whose mail is stuck is no better than one that is refused; what is our own fault is nobody else's.
    fn blame_by_reason(&self) -> Option<Blame> {
        match self.reason {
            Reason::Stuck => Some(Blame::Account),
            reason if reason.is_ours() => Some(Blame::Neutral),
            _ => None,
        }
    }

    /// Does it prove that the provider did not process the request, so that it may be sent once more (RFC 9113 8.7)? The
    /// connection was at fault: it was refused a stream, told to go away, or closed before it was used.
    pub fn was_not_processed(&self) -> bool {
        self.outcome == Outcome::Unavailable && matches!(self.reason, Reason::RefusedStream | Reason::NotSent)
    }

    /// With what the provider's answer speaks of, and its code.
    pub fn about(self, subject: Subject, code: Option<Code>) -> Self {
        Self { subject: Some(subject), code, ..self }
    }

    /// An outcome and its reason, nothing else.
    pub fn new(outcome: Outcome, reason: Reason) -> Self {
        Self {
            outcome,
            reason,
            subject: None,
            code: None,
            provider_message_id: None,
            retry_after: None,
            recipients: Vec::new(),
        }
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

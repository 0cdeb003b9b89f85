//! What a transmission came to for one recipient.

use std::sync::Arc;

use crate::model::outcome::{Code, Outcome, Reason};

/// What became of one recipient; holds no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientEnd {
    /// What it came to.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The mail host's own code, which tells by its class and subject what was at fault (RFC 3463).
    pub code: Option<Code>,
    /// The mail host that said so, or that could not be spoken to.
    pub host: Option<Arc<str>>,
}

impl RecipientEnd {
    pub(super) fn new(outcome: Outcome, reason: Reason) -> Self {
        Self { outcome, reason, code: None, host: None }
    }

    pub(super) fn with_code(self, code: Option<Code>) -> Self {
        Self { code, ..self }
    }

    /// The time before the end of the mail was over: nobody has it.
    pub(super) fn out_of_time() -> Self {
        Self::new(Outcome::Unavailable, Reason::Timeout)
    }

    /// This node ends, and the end of the mail was not written: nobody has it.
    pub(super) fn given_up() -> Self {
        Self::new(Outcome::Unavailable, Reason::Deadline)
    }

    /// This node ends, and the end of the mail was written: the host may have it.
    pub(super) fn not_waited_for() -> Self {
        Self::new(Outcome::Unknown, Reason::Deadline)
    }

    /// May a later transmission have more success? Nobody has the mail.
    pub fn is_pending(&self) -> bool {
        matches!(self.outcome, Outcome::Deferred | Outcome::Throttled | Outcome::Unavailable)
    }

    /// Is it refused for good? Nobody has the mail.
    pub fn is_refused(&self) -> bool {
        matches!(self.outcome, Outcome::MessageRejected | Outcome::NotCapable)
    }
}

//! What is known of a mail under a key.

use crate::model::receipt::{Answer, Receipt, SendError};

/// What is known of a mail under a key, once its call has ended.
#[derive(Clone, Debug)]
pub enum Known {
    /// The answer of its call.
    Answered(Answer),
    /// The outbox has it, and knows what becomes of it.
    Queued,
}

impl Known {
    /// As a later call hears it.
    pub fn replayed(self) -> Self {
        match self {
            Self::Answered(Ok(receipt)) => Self::Answered(Ok(Receipt { replayed: true, ..receipt })),
            Self::Answered(Err(error)) => Self::Answered(Err(SendError { replayed: true, ..error })),
            Self::Queued => Self::Queued,
        }
    }

    /// Is it certain that nobody has it, so that it may be sent anew?
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::Answered(Err(error)) if !error.failure.is_unknown())
    }

    /// May a provider have it, for want of a clear answer?
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Answered(Err(error)) if error.failure.is_unknown())
    }
}

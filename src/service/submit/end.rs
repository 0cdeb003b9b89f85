//! What became of a submission by the call that had to send it.

use super::sent::Queued;
use crate::model::receipt::Answer;

/// The end of that call's work.
pub(super) enum End {
    /// Its attempts came to this.
    Answered(Answer),
    /// The outbox has the mail, by this call.
    Queued(Box<Queued>),
    /// The outbox has it, by an earlier call under its key.
    Repeated,
}

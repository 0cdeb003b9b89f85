//! What became of a submission that is in good hands.

use crate::model::message::Id;
use crate::model::receipt::Receipt;

/// A submission of which no call has to be made again.
#[derive(Debug)]
pub enum Sent {
    /// A provider has it.
    Accepted(Receipt),
    /// The outbox has the mail of this id.
    Queued(Id),
}

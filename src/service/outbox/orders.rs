//! What operators order in the outbox, as it is recorded.

use std::fmt;

use crate::model::message::Id;
use crate::state::outbox::Order;

/// An order that was carried out, or may have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxOrder {
    /// What was ordered.
    pub operation: Operation,
    /// Did the store say that it has done so? If not, nobody knows.
    pub is_clear: bool,
}

/// What an operator may order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// All nodes stop to claim, or go on.
    Pause(bool),
    /// One submission that waits for people is decided on.
    Settle(Id, Order),
    /// Every submission to a recipient is erased, who is not named here.
    EraseRecipient,
}

/// The word for it in logs and answers, and the id of the submission where there is one.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pause(true) => f.write_str("pause"),
            Self::Pause(false) => f.write_str("go_on"),
            Self::Settle(id, Order::Retry) => write!(f, "retry {id}"),
            Self::Settle(id, Order::SettleAsAccepted) => write!(f, "settle_as_accepted {id}"),
            Self::Settle(id, Order::SettleAsNone) => write!(f, "settle_as_none {id}"),
            Self::EraseRecipient => f.write_str("erase_recipient"),
        }
    }
}

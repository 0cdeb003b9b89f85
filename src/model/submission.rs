//! What every way in produces: a message, its caller, and how the caller wants it sent.

use super::caller::CallerName;
use super::message::Message;
use super::message::key::IdempotencyKey;
use super::outcome::FailoverSafety;

/// One message to send, for one caller.
#[derive(Clone, Debug)]
pub struct Submission {
    /// What to send.
    pub message: Message,
    /// Who it is sent for.
    pub caller: CallerName,
    /// How.
    pub options: SendOptions,
}

/// What a caller may ask for one message.
#[derive(Clone, Copy, Debug, Default)]
pub struct SendOptions {
    /// Lowers the failover of this node; it cannot raise it.
    pub failover: Option<Failover>,
    /// A repeat under the same key sends no second mail.
    pub key: Option<IdempotencyKey>,
}

/// When a failed attempt leads to another upstream; a later variant allows more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failover {
    /// Never: the caller hears the error of the first attempt.
    Never,
    /// Where the failed attempt proves that no provider has the mail.
    Safe,
    /// Wherever another upstream might take it, at the risk of a second copy: at least once.
    Always,
}

impl Failover {
    /// May another upstream try after an attempt of this safety?
    pub fn allows(self, another: FailoverSafety) -> bool {
        match another {
            FailoverSafety::Safe => self >= Self::Safe,
            FailoverSafety::AtRisk => self == Self::Always,
            FailoverSafety::Never => false,
        }
    }
}

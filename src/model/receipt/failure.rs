//! What a caller may conclude where no provider is known to have taken the mail.

use std::time::Duration;

/// What the attempts together prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A provider may have the mail.
    Unknown,
    /// Each attempt is a definite no, and the mail was to be kept; it is not known whether it is.
    QueueUnclear {
        /// As for [`Self::NotNow`], if it would have been that; else [`Self::Refused`].
        retry_after: Option<Duration>,
    },
    /// Our code panicked while a provider may have been taking it.
    Panicked,
    /// Not sent: its key names another mail.
    KeyReused,
    /// Not sent by this call: another node hands the same mail over.
    InFlightElsewhere {
        /// When to ask what became of it.
        retry_after: Duration,
    },
    /// Not sent: the store does not say whether the mail was sent under its key before.
    StoreUnavailable,
    /// No provider has it: one refused the message itself.
    MessageRejected,
    /// No provider has it: no upstream could take it now.
    NotNow {
        /// When to try again: the next probe, or what a throttling provider asks for.
        retry_after: Duration,
    },
    /// No provider has it: no upstream is for it, but the servers of its recipients, to which the outbox alone delivers.
    OutboxAlone,
    /// No provider has it: no upstream can carry it whole.
    NotCapable,
    /// No provider has it: every upstream refused its sender.
    SenderRejected,
    /// No provider has it: every upstream refused.
    Refused {
        /// Was one of them merely out of reach?
        retryable: bool,
    },
}

impl Failure {
    /// May a provider have the mail all the same, or get it?
    pub fn is_unknown(self) -> bool {
        matches!(self, Self::Unknown | Self::QueueUnclear { .. } | Self::Panicked)
    }
}

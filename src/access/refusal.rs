//! Why a request is refused before any provider is asked, in terms that hold for every protocol.

use std::time::Duration;

/// A limit that a request is over, or a right that its caller lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The caller has used up its rate.
    RateLimited {
        /// Until the next call is allowed.
        retry_after: Duration,
    },
    /// A batch has more mails than the rate of its caller ever allows at once.
    BatchOverRate {
        /// Mails at once.
        most: u32,
    },
    /// The caller has as many mails in flight as it may.
    CallerBusy {
        /// A guess: no one knows when one of them ends.
        retry_after: Duration,
    },
    /// More wrong keys are waiting for their answer than this node keeps waiting.
    TooManyAuthFailures {
        /// Until those that wait have their answer.
        retry_after: Duration,
    },
    /// The node has as much in flight as it can take.
    Overloaded {
        /// A random wait, so that clients do not all come back at once.
        retry_after: Duration,
    },
    /// The caller may not send from these addresses.
    SenderNotAllowed(Vec<Originator>),
}

/// An originator field of a mail (RFC 5322, section 3.6.2) that names who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Originator {
    /// The author.
    From,
    /// The sender, where that is not the author.
    Sender,
}

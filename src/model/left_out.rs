//! Why an upstream is left out of a mail's plan, though it is configured.
//!
//! One enum for all who show it: the receipt, the log, the metrics and the plan itself.

use super::outcome::{Outcome, Reason, Verdict};

/// Why an upstream is not offered a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// Its circuit is not closed, or an operator has forced it open.
    Circuit,
    /// Its adapter cannot carry this mail.
    NotCapable(Reason),
    /// The operator lets it send for other domains alone.
    SenderNotAllowed,
    /// A rule has chosen others, and no one else.
    Rule,
    /// Its provider has refused the sender a while ago.
    SenderHeld,
    /// As many mails as its rates allow were handed to it.
    RateSpent,
}

impl LeftOut {
    /// Every word, for documents.
    pub const WORDS: [&'static str; 6] = [
        Self::Circuit.as_str(),
        Self::NotCapable(Reason::Size).as_str(),
        Self::SenderNotAllowed.as_str(),
        Self::Rule.as_str(),
        Self::SenderHeld.as_str(),
        Self::RateSpent.as_str(),
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Circuit => "circuit",
            Self::NotCapable(_) => "not_capable",
            Self::SenderNotAllowed => "sender_not_allowed",
            Self::Rule => "rule",
            Self::SenderHeld => "sender_held",
            Self::RateSpent => "rate_spent",
        }
    }

    /// What an attempt would come to, where that is known beforehand: the receipt shows it as an attempt that was not handed
    /// over. `None`: nothing is known of this mail there, and the receipt does not speak of it.
    pub fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Circuit | Self::Rule => None,
            Self::NotCapable(reason) => Some(Verdict::new(Outcome::NotCapable, reason)),
            Self::SenderNotAllowed => Some(Verdict::new(Outcome::SenderRejected, Reason::SenderNotAllowed)),
            Self::SenderHeld => Some(Verdict::new(Outcome::SenderRejected, Reason::SenderHeld)),
            Self::RateSpent => Some(Verdict::new(Outcome::Throttled, Reason::RateSpent)),
        }
    }
}

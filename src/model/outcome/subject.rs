//! What a provider's answer speaks of, from which follows who is blamed.

use super::kind::Outcome;

/// What an answer speaks of. Sender, recipient, content and size are the mail's: they never speak against the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The From address or its domain.
    Sender,
    /// One or more recipients.
    Recipient,
    /// What the mail says or how it is built.
    Content,
    /// How large the mail, or a part of it, is.
    Size,
    /// The operator's account: key, plan, credits, suspension, endpoint.
    Account,
    /// The provider's own system.
    System,
}

impl Subject {
    /// Is it the mail, which a caller chooses?
    pub fn is_of_the_message(self) -> bool {
        matches!(self, Self::Sender | Self::Recipient | Self::Content | Self::Size)
    }

    /// The field of a message that it is about, if it is about one.
    pub fn field(self) -> Option<&'static str> {
        match self {
            Self::Sender => Some("from"),
            Self::Recipient => Some("to"),
            Self::Content | Self::Size => Some("body"),
            Self::Account | Self::System => None,
        }
    }

    /// What a refusal for good comes to, for an upstream that others may stand in for.
    pub fn refused(self) -> Outcome {
        match self {
            Self::Sender => Outcome::SenderRejected,
            Self::Recipient | Self::Content => Outcome::MessageRejected,
            Self::Size => Outcome::NotCapable,
            Self::Account => Outcome::AccountRefused,
            Self::System => Outcome::Unavailable,
        }
    }

    /// What a refusal for now comes to.
    pub fn deferred(self) -> Outcome {
        if self.is_of_the_message() { Outcome::Deferred } else { Outcome::Throttled }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kind::Blame;
    use super::*;

    const ALL: [Subject; 6] =
        [Subject::Sender, Subject::Recipient, Subject::Content, Subject::Size, Subject::Account, Subject::System];

    #[test]
    fn message_subjects_blame_nobody_and_others_do() {
        for subject in ALL {
            for outcome in [subject.refused(), subject.deferred()] {
                assert_eq!(outcome.blame() == Blame::Neutral, subject.is_of_the_message(), "{subject:?}: {outcome:?}");
            }
        }
    }
}

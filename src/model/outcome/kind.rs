//! The outcomes, and what each means for failover, for the circuit and for the caller; a table test pins every cell.

/// What one attempt at one upstream came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The provider owns the message now.
    Accepted,
    /// The message itself is wrong; any other provider would refuse it too.
    MessageRejected,
    /// This adapter cannot carry the message whole, so it was not offered.
    NotCapable,
    /// The From address or domain is not verified at this provider.
    SenderRejected,
    /// The account is refused: key, plan, credits, suspension, endpoint.
    AccountRefused,
    /// A 4xx in words that are not the provider's own, such as a gateway's.
    Unclassified,
    /// Refused in the provider's own form, by a code that is in no table of ours. The provider lives and judges, so this
    /// is taken to be about the message.
    Unlisted,
    /// Refused for now, because of the sender, a recipient or the content. Nothing was taken; the provider takes other mail.
    Deferred,
    /// Too many calls for now; nothing was taken.
    Throttled,
    /// Never reached the provider, or it says that it did nothing.
    Unavailable,
    /// The provider may have the message: silence, reset or an ambiguous answer after hand-over.
    Unknown,
    /// Given up by us before hand-over.
    Cancelled,
}

/// May another upstream try after this outcome?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailoverSafety {
    /// Yes: nobody has the mail, and another might take it.
    Safe,
    /// Only where two mails are better than none: a provider may have it.
    AtRisk,
    /// No: a provider has it, or no other would take it either.
    Never,
}

/// Whom an outcome speaks against, in the eyes of the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The provider did its work.
    Success,
    /// The provider failed.
    Failure,
    /// The provider refuses the account: nothing will go through until the operator acts.
    Account,
    /// The provider asks us to wait; it is not to blame for that.
    Throttled,
    /// Says nothing about the provider's health.
    Neutral,
}

/// What the caller may be told when this outcome decides the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A provider took the mail.
    Accepted,
    /// Nobody has it.
    None,
    /// A provider may have it.
    Unknown,
}

impl Outcome {
    /// Every outcome, for tables.
    pub const ALL: [Self; 12] = [
        Self::Accepted,
        Self::MessageRejected,
        Self::NotCapable,
        Self::SenderRejected,
        Self::AccountRefused,
        Self::Unclassified,
        Self::Unlisted,
        Self::Deferred,
        Self::Throttled,
        Self::Unavailable,
        Self::Unknown,
        Self::Cancelled,
    ];

    /// May another upstream try? Safely only where this outcome proves that nothing was taken.
    pub fn failover_safety(self) -> FailoverSafety {
        match self {
            Self::NotCapable
            | Self::SenderRejected
            | Self::AccountRefused
            | Self::Unclassified
            | Self::Unlisted
            | Self::Deferred
            | Self::Throttled
            | Self::Unavailable => FailoverSafety::Safe,
            Self::Unknown => FailoverSafety::AtRisk,
            Self::Accepted | Self::MessageRejected | Self::Cancelled => FailoverSafety::Never,
        }
    }

    /// Is the provider to blame? No client input alone may open a circuit.
    pub fn blame(self) -> Blame {
        match self {
            Self::Accepted => Blame::Success,
            Self::Unclassified | Self::Unavailable | Self::Unknown => Blame::Failure,
            Self::AccountRefused => Blame::Account,
            Self::Throttled => Blame::Throttled,
            Self::MessageRejected
            | Self::NotCapable
            | Self::SenderRejected
            | Self::Unlisted
            | Self::Deferred
            | Self::Cancelled => Blame::Neutral,
        }
    }

    /// What may the caller be told about the mail?
    pub fn delivery(self) -> Delivery {
        match self {
            Self::Accepted => Delivery::Accepted,
            Self::Unknown => Delivery::Unknown,
            Self::MessageRejected
            | Self::NotCapable
            | Self::SenderRejected
            | Self::AccountRefused
            | Self::Unclassified
            | Self::Unlisted
            | Self::Deferred
            | Self::Throttled
            | Self::Unavailable
            | Self::Cancelled => Delivery::None,
        }
    }

    /// The blame for this outcome of a probe. A provider that judged the probe itself is alive.
    pub fn blame_of_probe(self) -> Blame {
        match self {
            Self::MessageRejected | Self::NotCapable | Self::SenderRejected | Self::Unlisted | Self::Deferred => {
                Blame::Success
            }
            Self::Accepted
            | Self::AccountRefused
            | Self::Unclassified
            | Self::Throttled
            | Self::Unavailable
            | Self::Unknown
            | Self::Cancelled => self.blame(),
        }
    }

    /// The word for metrics, logs and receipts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::MessageRejected => "message_rejected",
            Self::NotCapable => "not_capable",
            Self::SenderRejected => "sender_rejected",
            Self::AccountRefused => "account_refused",
            Self::Unclassified => "unclassified",
            Self::Unlisted => "unlisted",
            Self::Deferred => "deferred",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// design table: outcome, may another try, blame, delivery, blame of a probe.
    const TABLE: [(Outcome, FailoverSafety, Blame, Delivery, Blame); 12] = [
        (Outcome::Accepted, FailoverSafety::Never, Blame::Success, Delivery::Accepted, Blame::Success),
        (Outcome::MessageRejected, FailoverSafety::Never, Blame::Neutral, Delivery::None, Blame::Success),
        (Outcome::NotCapable, FailoverSafety::Safe, Blame::Neutral, Delivery::None, Blame::Success),
        (Outcome::SenderRejected, FailoverSafety::Safe, Blame::Neutral, Delivery::None, Blame::Success),
        (Outcome::AccountRefused, FailoverSafety::Safe, Blame::Account, Delivery::None, Blame::Account),
        (Outcome::Unclassified, FailoverSafety::Safe, Blame::Failure, Delivery::None, Blame::Failure),
        (Outcome::Unlisted, FailoverSafety::Safe, Blame::Neutral, Delivery::None, Blame::Success),
        (Outcome::Deferred, FailoverSafety::Safe, Blame::Neutral, Delivery::None, Blame::Success),
        (Outcome::Throttled, FailoverSafety::Safe, Blame::Throttled, Delivery::None, Blame::Throttled),
        (Outcome::Unavailable, FailoverSafety::Safe, Blame::Failure, Delivery::None, Blame::Failure),
        (Outcome::Unknown, FailoverSafety::AtRisk, Blame::Failure, Delivery::Unknown, Blame::Failure),
        (Outcome::Cancelled, FailoverSafety::Never, Blame::Neutral, Delivery::None, Blame::Neutral),
    ];

    #[test]
    fn every_cell_of_the_outcome_table_holds() {
        assert_eq!(TABLE.map(|row| row.0), Outcome::ALL);
        for (outcome, another, blame, delivery, blame_of_probe) in TABLE {
            assert_eq!(outcome.failover_safety(), another, "{outcome:?}");
            assert_eq!(outcome.blame(), blame, "{outcome:?}");
            assert_eq!(outcome.delivery(), delivery, "{outcome:?}");
            assert_eq!(outcome.blame_of_probe(), blame_of_probe, "{outcome:?}");
        }
    }

    #[test]
    fn failover_is_never_safe_once_a_provider_may_have_the_mail() {
        for outcome in Outcome::ALL.into_iter().filter(|o| o.delivery() != Delivery::None) {
            assert_ne!(outcome.failover_safety(), FailoverSafety::Safe, "{outcome:?}");
        }
    }

    #[test]
    fn words_are_distinct() {
        let words: std::collections::BTreeSet<_> = Outcome::ALL.map(Outcome::as_str).into();
        assert_eq!(words.len(), Outcome::ALL.len());
    }
}

//! What an attempt came to, and the three questions that every other system mixes up.
//!
//! May another upstream try? Is the provider to blame? What do we tell the caller? Each is one exhaustive match; the
//! table test below pins every cell.
//!
//! Deliberately absent: HTTP, providers' codes and texts (adapters judge those), time.

use std::fmt;
use std::time::Duration;

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
    /// A 403 or other 4xx that no table explains.
    Unclassified,
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
pub enum Another {
    /// Yes: nobody has the mail, and another might take it.
    Safe,
    /// Only for who would rather have two mails than none: somebody may have it.
    AtRisk,
    /// No: somebody has it, or no other would take it either.
    Never,
}

/// Whom an outcome speaks against, in the eyes of the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The provider did its work.
    Success,
    /// The provider failed.
    Failure,
    /// The provider refuses the account: nothing will go through until somebody acts.
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
    /// Somebody may have it.
    Unknown,
}

impl Outcome {
    /// Every outcome, for tables.
    pub const ALL: [Self; 10] = [
        Self::Accepted,
        Self::MessageRejected,
        Self::NotCapable,
        Self::SenderRejected,
        Self::AccountRefused,
        Self::Unclassified,
        Self::Throttled,
        Self::Unavailable,
        Self::Unknown,
        Self::Cancelled,
    ];

    /// May another upstream try? Safely only where this outcome proves that nothing was taken.
    pub fn another(self) -> Another {
        match self {
            Self::NotCapable
            | Self::SenderRejected
            | Self::AccountRefused
            | Self::Unclassified
            | Self::Throttled
            | Self::Unavailable => Another::Safe,
            Self::Unknown => Another::AtRisk,
            Self::Accepted | Self::MessageRejected | Self::Cancelled => Another::Never,
        }
    }

    /// Is the provider to blame? No client input alone may open a circuit.
    pub fn blame(self) -> Blame {
        match self {
            Self::Accepted => Blame::Success,
            Self::Unclassified | Self::Unavailable | Self::Unknown => Blame::Failure,
            Self::AccountRefused => Blame::Account,
            Self::Throttled => Blame::Throttled,
            Self::MessageRejected | Self::NotCapable | Self::SenderRejected | Self::Cancelled => Blame::Neutral,
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
            | Self::Throttled
            | Self::Unavailable
            | Self::Cancelled => Delivery::None,
        }
    }

    /// The same outcome of a dummy. A provider that judged the dummy is alive: the dummy is at fault.
    pub fn blame_of_probe(self) -> Blame {
        match self {
            Self::MessageRejected | Self::SenderRejected => Blame::Success,
            _ => self.blame(),
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
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why an outcome was given: a closed set, so that no provider's text reaches a caller, a log or a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The provider answered with this HTTP status.
    Status(u16),
    /// The relay answered with this code (RFC 5321 4.2).
    Smtp(u16),
    /// The provider's name could not be looked up.
    Dns,
    /// No connection was made: refused, unreachable, or not in time.
    Connect,
    /// The provider did not prove who it is, or speaks no TLS that we do.
    Tls,
    /// The provider said, in HTTP/2's own words, that it did not process the request.
    RefusedStream,
    /// No answer within the attempt's time.
    Timeout,
    /// The connection broke; unless the outcome says otherwise, after hand-over.
    ConnectionLost,
    /// An accepting status with a body that refuses.
    RefusedInBody,
    /// Taken into a queue that does not move before somebody sees to the account.
    Stuck,
    /// A recipient is on the provider's suppression list; going around it would ruin the sender's reputation.
    Suppressed,
    /// An accepting status with a body that makes no sense.
    UnreadableAnswer,
    /// The base URL leads somewhere else than to the provider's API.
    WrongBaseUrl,
    /// The request could not be built, or got no further than this process.
    NotSent,
    /// More recipients than this adapter can carry.
    Recipients,
    /// A larger mail than this adapter can carry.
    Size,
    /// A picture inside of the HTML, which this adapter cannot show there.
    Inline,
    /// More tags than this adapter can carry.
    Tags,
    /// More addresses for answers than this adapter can carry.
    ReplyTo,
    /// A header that this adapter leaves out.
    Headers,
    /// Template syntax in a header, which this provider would fill in.
    Template,
    /// A file whose type its name does not tell, where the provider goes by the name.
    AttachmentType,
    /// A local part beyond ASCII, which this adapter cannot carry.
    Smtputf8,
    /// This upstream has refused the sender's domain a while ago.
    SenderHeld,
    /// Too little of the request's time was left to prove anything.
    Deadline,
    /// As many mails are under way there as may be.
    Busy,
    /// Written to, or refused by, the local disk.
    Disk,
    /// The mock provider says so.
    Mock,
    /// Our own code panicked during the attempt.
    Panic,
}

impl Reason {
    /// Could the provider not be reached at all? Then the fault may as well be on our side of the network.
    pub fn is_unreachable(self) -> bool {
        matches!(self, Self::Dns | Self::Connect)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "http_{status}"),
            Self::Smtp(code) => write!(f, "smtp_{code}"),
            Self::Dns => f.write_str("dns"),
            Self::Connect => f.write_str("connect"),
            Self::Tls => f.write_str("tls"),
            Self::RefusedStream => f.write_str("refused_stream"),
            Self::Timeout => f.write_str("timeout"),
            Self::ConnectionLost => f.write_str("connection_lost"),
            Self::RefusedInBody => f.write_str("refused_in_body"),
            Self::Stuck => f.write_str("stuck"),
            Self::Suppressed => f.write_str("suppressed"),
            Self::UnreadableAnswer => f.write_str("unreadable_answer"),
            Self::WrongBaseUrl => f.write_str("wrong_base_url"),
            Self::NotSent => f.write_str("not_sent"),
            Self::Recipients => f.write_str("recipients"),
            Self::Size => f.write_str("size"),
            Self::Inline => f.write_str("inline"),
            Self::Tags => f.write_str("tags"),
            Self::ReplyTo => f.write_str("reply_to"),
            Self::Headers => f.write_str("headers"),
            Self::Template => f.write_str("template"),
            Self::AttachmentType => f.write_str("attachment_type"),
            Self::Smtputf8 => f.write_str("smtputf8"),
            Self::SenderHeld => f.write_str("sender_held"),
            Self::Busy => f.write_str("busy"),
            Self::Deadline => f.write_str("deadline"),
            Self::Disk => f.write_str("disk"),
            Self::Mock => f.write_str("mock"),
            Self::Panic => f.write_str("panic"),
        }
    }
}

/// An outcome with its evidence: what an adapter returns for every call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What the attempt came to.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The provider's own id for the mail, if it gave one.
    pub provider_message_id: Option<String>,
    /// How long the provider asks us to wait, if it said so; it counts where this is [`Outcome::Throttled`].
    pub retry_after: Option<Duration>,
    /// Every recipient, of a mail that was [`Outcome::Accepted`] for some and refused for others; else none.
    pub recipients: Vec<Recipient>,
}

/// What became of one recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address, as the provider repeats it.
    pub email: String,
    /// What the mail came to for this one.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
}

impl fmt::Debug for Recipient {
    /// No address reaches a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({}, {})", self.outcome.as_str(), self.reason)
    }
}

impl Verdict {
    /// Whom it speaks against, of a mail: an account whose mail is stuck is no better than one that is refused.
    pub fn blame(&self) -> Blame {
        if self.reason == Reason::Stuck { Blame::Account } else { self.outcome.blame() }
    }

    /// The same of a dummy.
    pub fn blame_of_probe(&self) -> Blame {
        if self.reason == Reason::Stuck { Blame::Account } else { self.outcome.blame_of_probe() }
    }

    /// An outcome and its reason, nothing else.
    pub fn new(outcome: Outcome, reason: Reason) -> Self {
        Self { outcome, reason, provider_message_id: None, retry_after: None, recipients: Vec::new() }
    }

    /// Accepted, with the provider's id where there is one.
    pub fn accepted(reason: Reason, provider_message_id: Option<String>) -> Self {
        Self { provider_message_id, ..Self::new(Outcome::Accepted, reason) }
    }

    /// With the wait that the provider asks for, if none is known yet, clamped to 1 s to 1 h: absurd values are a
    /// provider's bug.
    pub fn waiting(self, wait: Option<Duration>) -> Self {
        let wait = wait.map(|wait| wait.clamp(Duration::from_secs(1), Duration::from_secs(3600)));
        Self { retry_after: self.retry_after.or(wait), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// design table: outcome, may another try, blame, delivery, blame of a probe.
    const TABLE: [(Outcome, Another, Blame, Delivery, Blame); 10] = [
        (Outcome::Accepted, Another::Never, Blame::Success, Delivery::Accepted, Blame::Success),
        (Outcome::MessageRejected, Another::Never, Blame::Neutral, Delivery::None, Blame::Success),
        (Outcome::NotCapable, Another::Safe, Blame::Neutral, Delivery::None, Blame::Neutral),
        (Outcome::SenderRejected, Another::Safe, Blame::Neutral, Delivery::None, Blame::Success),
        (Outcome::AccountRefused, Another::Safe, Blame::Account, Delivery::None, Blame::Account),
        (Outcome::Unclassified, Another::Safe, Blame::Failure, Delivery::None, Blame::Failure),
        (Outcome::Throttled, Another::Safe, Blame::Throttled, Delivery::None, Blame::Throttled),
        (Outcome::Unavailable, Another::Safe, Blame::Failure, Delivery::None, Blame::Failure),
        (Outcome::Unknown, Another::AtRisk, Blame::Failure, Delivery::Unknown, Blame::Failure),
        (Outcome::Cancelled, Another::Never, Blame::Neutral, Delivery::None, Blame::Neutral),
    ];

    #[test]
    fn every_cell_of_the_outcome_table_holds() {
        assert_eq!(TABLE.map(|row| row.0), Outcome::ALL);
        for (outcome, another, blame, delivery, blame_of_probe) in TABLE {
            assert_eq!(outcome.another(), another, "{outcome:?}");
            assert_eq!(outcome.blame(), blame, "{outcome:?}");
            assert_eq!(outcome.delivery(), delivery, "{outcome:?}");
            assert_eq!(outcome.blame_of_probe(), blame_of_probe, "{outcome:?}");
        }
    }

    #[test]
    fn another_upstream_never_safely_tries_what_somebody_has_or_may_have() {
        for outcome in Outcome::ALL.into_iter().filter(|o| o.delivery() != Delivery::None) {
            assert_ne!(outcome.another(), Another::Safe, "{outcome:?}");
        }
    }

    #[test]
    fn a_recipient_is_not_shown_where_verdicts_are() {
        let email = "b@example.org".to_owned();
        let recipient = Recipient { email, outcome: Outcome::MessageRejected, reason: Reason::Status(400) };
        assert_eq!(format!("{recipient:?}"), "Recipient(message_rejected, http_400)");
    }

    #[test]
    fn words_are_distinct() {
        let words: std::collections::BTreeSet<_> = Outcome::ALL.map(Outcome::as_str).into();
        assert_eq!(words.len(), Outcome::ALL.len());
    }
}

//! Why an attempt came to what it did, in words of ours.

use std::fmt;

/// Why an outcome was given: a closed set, so that no provider's text reaches a caller, a log or a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The provider answered with this HTTP status.
    Status(u16),
    /// The relay answered with this code (RFC 5321 4.2).
    Smtp(u16),
    /// The provider's name could not be looked up; where a proxy stands before it, the proxy's.
    Dns,
    /// No connection was made: refused, unreachable, or not in time; or a proxy let none through.
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
    /// Taken into a queue that does not move before the operator sees to the account.
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
    /// Nobody in To, where this adapter needs one.
    NoTo,
    /// A domain of one label, which this adapter cannot reach.
    Intranet,
    /// A longer display name than this adapter can carry.
    Name,
    /// A Sender beside From, which this adapter cannot name.
    Sender,
    /// A Message-ID of the caller's, which this adapter does not keep.
    MessageId,
    /// A longer subject than this adapter can carry.
    Subject,
    /// More metadata, or other words in it, than this adapter can carry.
    Metadata,
    /// A file without a byte, which this adapter cannot carry.
    EmptyFile,
    /// A larger mail than this adapter can carry.
    Size,
    /// A picture inside of the HTML, which this adapter cannot show there.
    Inline,
    /// More tags, or other words as tags, than this adapter can carry.
    Tags,
    /// More addresses for answers than this adapter can carry.
    ReplyTo,
    /// More or longer headers than this adapter can carry, or one that it leaves out.
    Headers,
    /// Template syntax in a header, which this provider would fill in.
    Template,
    /// A file whose type does not arrive: its name does not tell it, or the provider refuses or changes it.
    AttachmentType,
    /// A local part beyond ASCII, which this adapter cannot carry.
    Smtputf8,
    /// This upstream has refused the sender's domain a while ago.
    SenderHeld,
    /// The operator lets this upstream send for other domains alone.
    SenderNotAllowed,
    /// Too little of the request's time was left to prove anything.
    Deadline,
    /// As many mails are under way there as may be.
    Busy,
    /// This upstream was handed as many mails as its rates allow.
    RateSpent,
    /// Written to, or refused by, the local disk.
    Disk,
    /// The provider says that it knows this mail's id from before.
    Duplicate,
    /// This process or machine has no file descriptor, port or memory left for a connection or a file.
    LocalLimit,
    /// The mail was still on its way out when its time was over, or its connection.
    StillSending,
    /// The mock provider says so.
    Mock,
    /// Our own code panicked during the attempt.
    Panic,
}

impl Reason {
    /// Every reason but a provider's status and a relay's code, for lists.
    pub const NAMED: [Self; 40] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::RefusedStream,
        Self::Timeout,
        Self::ConnectionLost,
        Self::RefusedInBody,
        Self::Stuck,
        Self::Suppressed,
        Self::UnreadableAnswer,
        Self::WrongBaseUrl,
        Self::NotSent,
        Self::Recipients,
        Self::NoTo,
        Self::Intranet,
        Self::Name,
        Self::Sender,
        Self::MessageId,
        Self::Subject,
        Self::Metadata,
        Self::EmptyFile,
        Self::Size,
        Self::Inline,
        Self::Tags,
        Self::ReplyTo,
        Self::Headers,
        Self::Template,
        Self::AttachmentType,
        Self::Smtputf8,
        Self::SenderHeld,
        Self::SenderNotAllowed,
        Self::Busy,
        Self::RateSpent,
        Self::Deadline,
        Self::Disk,
        Self::Duplicate,
        Self::LocalLimit,
        Self::StillSending,
        Self::Mock,
        Self::Panic,
    ];

    /// Does it say nothing of the provider, whatever the attempt came to? The fault, or the limit, is on our side.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::LocalLimit | Self::StillSending | Self::Deadline | Self::Panic)
    }

    /// Could the provider not be reached at all? Then the fault may as well be on our side of the network, as it is where a
    /// proxy wants credentials (407, RFC 9110 15.5.8).
    pub fn is_unreachable(self) -> bool {
        matches!(self, Self::Dns | Self::Connect | Self::Status(407))
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
            Self::NoTo => f.write_str("no_to"),
            Self::Intranet => f.write_str("intranet"),
            Self::Name => f.write_str("name"),
            Self::Sender => f.write_str("sender"),
            Self::MessageId => f.write_str("message_id"),
            Self::Subject => f.write_str("subject"),
            Self::Metadata => f.write_str("metadata"),
            Self::EmptyFile => f.write_str("empty_file"),
            Self::Size => f.write_str("size"),
            Self::Inline => f.write_str("inline"),
            Self::Tags => f.write_str("tags"),
            Self::ReplyTo => f.write_str("reply_to"),
            Self::Headers => f.write_str("headers"),
            Self::Template => f.write_str("template"),
            Self::AttachmentType => f.write_str("attachment_type"),
            Self::Smtputf8 => f.write_str("smtputf8"),
            Self::SenderHeld => f.write_str("sender_held"),
            Self::SenderNotAllowed => f.write_str("sender_not_allowed"),
            Self::Busy => f.write_str("busy"),
            Self::RateSpent => f.write_str("rate_spent"),
            Self::Deadline => f.write_str("deadline"),
            Self::Disk => f.write_str("disk"),
            Self::Duplicate => f.write_str("duplicate"),
            Self::LocalLimit => f.write_str("local_limit"),
            Self::StillSending => f.write_str("still_sending"),
            Self::Mock => f.write_str("mock"),
            Self::Panic => f.write_str("panic"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_with_a_word_of_its_own_is_listed_once() {
        let code = include_str!("reason.rs").split("#[cfg(test)]").next().unwrap_or_default();
        let words: std::collections::BTreeSet<_> = Reason::NAMED.map(|reason| reason.to_string()).into();
        assert_eq!(words.len(), code.matches("=> f.write_str(").count(), "{words:?}");
    }
}

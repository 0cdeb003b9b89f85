//! One call of a mail, and what its caller was told.

use std::fmt;
use std::time::SystemTime;

use super::super::record::Sent;

/// The problem of a mail that was queued, and then cancelled.
const CANCELLED: &str = "urn:smsp:problem:outbox-conflict";

/// The problem of a mail that may be in the outbox.
const MAY_BE_QUEUED: &str = "urn:smsp:problem:outbox-unknown";

/// The problems of calls to which the store gave no answer in time, as that of a busy machine may.
const UNANSWERED: [&str; 3] =
    ["urn:smsp:problem:store-unavailable", "urn:smsp:problem:outbox-unavailable", MAY_BE_QUEUED];

/// One process of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Life {
    pub(super) node: usize,
    /// How often the node was started before.
    pub(super) number: usize,
}

/// What a caller was told of its mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Accepted,
    Queued,
    None,
    Unknown,
    /// Another call under the key is in flight, and this one did nothing.
    InFlight,
    /// Nothing, for the node was killed.
    CutOff,
}

/// One call.
pub(super) struct Call {
    pub(super) at: Life,
    pub(super) from: SystemTime,
    pub(super) to: SystemTime,
    /// None, if the node was killed before that.
    pub(super) sent: Option<Sent>,
}

impl Call {
    pub(super) fn told(&self) -> Told {
        let Some(sent) = &self.sent else { return Told::CutOff };
        match sent.delivery() {
            _ if sent.answer.status == 409 && self.word("type") != Some(CANCELLED) => Told::InFlight,
            Some("accepted") => Told::Accepted,
            Some("queued") => Told::Queued,
            Some("none") => Told::None,
            _ => Told::Unknown,
        }
    }

    /// Does its answer say that the outbox may have the mail?
    pub(super) fn may_be_queued(&self) -> bool {
        self.word("type") == Some(MAY_BE_QUEUED)
    }

    /// Does its answer say that the store gave none?
    pub(super) fn met_no_store(&self) -> bool {
        self.word("type").is_some_and(|kind| UNANSWERED.contains(&kind))
    }

    pub(super) fn is_replayed(&self) -> bool {
        self.sent.as_ref().is_some_and(Sent::is_replayed)
    }

    /// A field of its answer.
    pub(super) fn word(&self, field: &str) -> Option<&str> {
        self.sent.as_ref()?.answer.json[field].as_str()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.sent.as_ref()?.answer.header(name)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, from, to, sent } = self;
        let since_1970 =
            |time: &SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        write!(f, "node {} life {}, {} to {}: ", at.node, at.number, since_1970(from), since_1970(to))?;
        match sent {
            Some(sent) => write!(f, "{} {}", sent.answer.status, sent.answer.json),
            None => write!(f, "cut off"),
        }
    }
}

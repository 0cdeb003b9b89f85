//! What a claim of a part came to, for each recipient.

use std::time::Duration;

use crate::model::outcome::Outcome;

/// What a claim of a part came to.
#[derive(Clone, Debug)]
pub enum PartEnded {
    /// What is known of each recipient. One that is not told of may have the mail where it was marked, else it waits.
    Told {
        /// One for each recipient.
        verdicts: Vec<PartVerdict>,
        /// How long those wait that are tried again.
        wait: Duration,
        /// Does it count as an attempt for them?
        counted: bool,
        /// From the mark to the verdict; none: there was no hand-over, because its verdict was known before.
        took: Option<Duration>,
        /// Did it come after the claim had ended?
        late: bool,
    },
    /// It was never handed over, through a fault of ours: it waits in the queue again, and is parked at the third loss.
    Lost {
        /// How long.
        wait: Duration,
    },
}

/// Where a recipient has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartTo {
    /// Its server may have the mail.
    Unknown,
    /// Nobody has it: it is tried again.
    Again,
    /// Its server took it.
    Accepted,
    /// Nobody has it, and it is not tried again.
    Refused,
}

/// What became of one recipient; holds no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartVerdict {
    /// Its place in the order To, Cc, Bcc.
    pub place: u32,
    /// Where that brings it.
    pub to: PartTo,
    /// What the hand-over came to for it.
    pub outcome: Outcome,
    /// Why, in words of ours.
    pub reason: String,
    /// The server's own code.
    pub code: Option<String>,
    /// The name of the server that said so.
    pub host: Option<String>,
}

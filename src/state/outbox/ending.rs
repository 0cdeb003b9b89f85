//! How a claim goes on: the mark before a hand-over, and what it all came to.

use std::time::Duration;

use crate::model::outcome::Outcome;

/// How long a hand-over may take at an upstream that takes a mail once.
///
/// What a dead node has marked is not replayed before: the node may only have been silent, and an upstream that is asked
/// twice at once may answer neither.
pub const ATTEMPT: Duration = Duration::from_secs(60);

/// What the store is told before a mail goes on the wire.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Where it goes.
    pub upstream: String,
    /// How long this upstream takes a mail once, from now; none: it does not, or nothing is known of it.
    pub replay_for: Option<Duration>,
    /// May another upstream have it already? The operator wants it sent at that risk.
    pub possible_duplicate: bool,
}

/// What a claim came to.
#[derive(Clone, Debug)]
pub enum Ended {
    /// A provider took the mail.
    Accepted {
        /// One for each hand-over under this fence, the last one last.
        verdicts: Vec<Verdict>,
        /// May another upstream have it too?
        possible_duplicate: bool,
    },
    /// No provider takes it.
    Refused {
        /// One for each hand-over under this fence; none if there was no hand-over.
        verdicts: Vec<Verdict>,
    },
    /// No provider has it now: it waits in the queue again.
    Again {
        /// One for each hand-over under this fence.
        verdicts: Vec<Verdict>,
        /// How long.
        wait: Duration,
        /// Does it count as an attempt?
        counted: bool,
        /// May a provider have it already? The operator wants it sent at that risk.
        possible_duplicate: bool,
    },
    /// It was never handed over, through a fault of ours: it could not be opened, or the work on it broke off. It waits in
    /// the queue again, and is parked at the third loss.
    Lost {
        /// How long.
        wait: Duration,
    },
    /// A provider may have it.
    Unknown {
        /// One for each hand-over under this fence.
        verdicts: Vec<Verdict>,
        /// How long to wait for the late verdict before a replay.
        replay_after: Duration,
    },
}

impl Ended {
    /// The verdict of each hand-over.
    pub fn verdicts(&self) -> &[Verdict] {
        match self {
            Self::Accepted { verdicts, .. }
            | Self::Refused { verdicts }
            | Self::Again { verdicts, .. }
            | Self::Unknown { verdicts, .. } => verdicts,
            Self::Lost { .. } => &[],
        }
    }

    /// Does it tell of every hand-over under its fence? Then what else was marked was never handed over: the answer to the
    /// mark was not clear. A late verdict tells of one hand-over alone, and where our code has panicked, nobody knows
    /// whether there was one more.
    pub fn tells_of_all(&self) -> bool {
        let is_late = self.verdicts().iter().any(|verdict| verdict.late);
        match self {
            Self::Accepted { .. } | Self::Refused { .. } => !is_late,
            Self::Again { verdicts, possible_duplicate, .. } => {
                let may_have_panicked = *possible_duplicate && verdicts.is_empty();
                !is_late && !may_have_panicked
            }
            Self::Lost { .. } | Self::Unknown { .. } => false,
        }
    }
}

/// What one hand-over came to; holds no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Where.
    pub upstream: String,
    /// What it came to.
    pub outcome: Outcome,
    /// Why, in words of ours.
    pub reason: String,
    /// The provider's own code, if it is listed.
    pub code: Option<String>,
    /// The provider's own id for the mail.
    pub provider_message_id: Option<String>,
    /// From the hand-over to the verdict; none: there was no hand-over, because its verdict was known before.
    pub took: Option<Duration>,
    /// Did it come after the claim had ended?
    pub late: bool,
    /// Every recipient, of a mail that was accepted for some and refused for others; else none.
    pub recipients: Vec<RecipientVerdict>,
}

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientVerdict {
    /// Its place in the order To, Cc, Bcc.
    pub place: u32,
    /// What the mail came to for it.
    pub outcome: Outcome,
    /// Why, in words of ours.
    pub reason: String,
}

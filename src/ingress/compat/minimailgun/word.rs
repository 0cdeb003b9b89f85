//! The words of Mini-MailGun for where a mail is, and one more.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::outcome::Outcome;
use crate::state::outbox::{PartStatus, RecipientVerdict, State, Status};

/// Where a mail is. `queued`: this service has it and sends it. `sent`: it was taken for all recipients. `undeliverable`: it
/// is not sent to one recipient at least. `unknown`: somebody may have it, and nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MiniMailGunStatus)]
pub(super) enum Word {
    Queued,
    Sent,
    Undeliverable,
    Unknown,
}

impl From<&Status> for Word {
    fn from(status: &Status) -> Self {
        match status.ticket.state {
            State::Queued | State::Claimed | State::Sending | State::Parked => Self::Queued,
            State::Unknown => Self::Unknown,
            State::Accepted => Self::of_recipients(&status.recipient_verdicts).or(Self::of_parts(&status.parts)),
            State::Refused | State::Expired | State::Cancelled => Self::not_taken(status.ticket.possible_duplicate),
        }
    }
}

impl Word {
    /// After a hand-over that may have succeeded, nobody knows.
    fn not_taken(possible_duplicate: bool) -> Self {
        if possible_duplicate { Self::Unknown } else { Self::Undeliverable }
    }

    /// For both of two ends of one mail.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Sent, other) => other,
            (word, _) => word,
        }
    }

    /// For a mail of which a part was taken at least; no parts: it went to no server of a recipient.
    fn of_parts(parts: &[PartStatus]) -> Self {
        let word = |part: &PartStatus| match part.state {
            State::Refused | State::Expired | State::Cancelled => Self::not_taken(part.possible_duplicate),
            State::Unknown => Self::Unknown,
            State::Queued | State::Claimed | State::Sending | State::Parked | State::Accepted => Self::Sent,
        };
        parts.iter().map(word).fold(Self::Sent, Self::or)
    }

    /// For a mail that was taken; no verdicts: for all of its recipients.
    fn of_recipients(verdicts: &[RecipientVerdict]) -> Self {
        let any = |is: fn(Outcome) -> bool| verdicts.iter().any(|verdict| is(verdict.outcome));
        if any(|outcome| outcome == Outcome::Unknown) {
            Self::Unknown
        } else if any(|outcome| outcome != Outcome::Accepted) {
            Self::Undeliverable
        } else {
            Self::Sent
        }
    }
}

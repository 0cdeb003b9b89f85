//! A record as a store reads it, and what it says to a call.

use std::time::Duration;

use super::sealing::SealedAnswer;
use super::stored::{Begun, CallNumber, CallState, Record, Recorded};
use crate::model::message::Id;

/// The number of a state in a store: a call is in flight.
pub(super) const IN_FLIGHT: i16 = 0;
/// The outbox has the mail.
pub(super) const QUEUED: i16 = 1;
/// A provider has it.
pub(super) const ACCEPTED: i16 = 2;
/// A provider may have it.
pub(super) const UNKNOWN: i16 = 3;

/// A record as a store reads it.
pub(super) struct Row {
    pub(super) id: Id,
    pub(super) number: CallNumber,
    pub(super) state: i16,
    /// Until its lease is over, in milliseconds.
    pub(super) lease_left: Option<i64>,
    /// Since it has said something, in milliseconds.
    pub(super) ended_ago: Option<i64>,
    pub(super) answer: Option<SealedAnswer>,
}

impl Row {
    /// What it says to a call about the mail of this id.
    pub(super) fn begun(self, id: Id) -> Begun {
        if self.id != id {
            return Begun::Reused;
        }
        match self.left() {
            Some(left) => Begun::Elsewhere { left },
            None => Begun::Held(Box::new(self.record())),
        }
    }

    /// What it says to somebody who only looks.
    pub(super) fn seen(self) -> CallState {
        if self.left().is_some() { CallState::InFlight } else { CallState::Ended(self.record()) }
    }

    /// How long a call may yet be in flight; none, if none is.
    fn left(&self) -> Option<Duration> {
        let left = self.lease_left.filter(|left| self.state == IN_FLIGHT && *left > 0)?;
        Some(Duration::from_millis(left.unsigned_abs()))
    }

    fn record(self) -> Record {
        let state = match self.state {
            QUEUED => Recorded::Queued,
            ACCEPTED => Recorded::Accepted,
            // One whose lease is over, and one of a later version of this program.
            _ => Recorded::Unknown,
        };
        let ended_ago = Duration::from_millis(self.ended_ago.unwrap_or_default().max(0).unsigned_abs());
        Record { of: self.number, state, answer: self.answer, ended_ago }
    }
}

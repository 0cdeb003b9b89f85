//! What comes into the outbox, and what its caller is told.

use std::time::Duration;

use super::earlier::Earlier;
use super::row::{Lane, RouteSet, RulesVersion, State};
use super::sealed::Sealed;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
use crate::runtime::unix_time::UnixTime;
use crate::state::store::Withdrawal;

/// Submissions of one call.
pub struct Batch {
    /// Until the store begins with it, it can be withdrawn: then nothing is written of it.
    pub withdrawal: Withdrawal,
    /// Who they are sent for.
    pub caller: CallerName,
    /// At least one.
    pub rows: Vec<NewRow>,
    /// All or none of them?
    pub atomic: bool,
    /// What the rows of all callers may take.
    pub room: Room,
    /// What the rows of this caller may take.
    pub callers_room: Room,
}

impl Batch {
    /// What its rows would take.
    pub fn size(&self) -> Room {
        Room { rows: self.rows.len() as u64, bytes: self.rows.iter().map(|row| row.sealed.size).sum() }
    }

    /// What it is told with these answers, one for each of its rows: those for which there is no room now hear where there
    /// will never be.
    pub fn told(&self, mut answers: Vec<Acceptance>) -> Vec<Acceptance> {
        let most = self.room.least(self.callers_room);
        let is_new = |answer: &Acceptance| !matches!(answer, Acceptance::Repeated(_) | Acceptance::KeyInUse);
        let sizes = || self.rows.iter().map(|row| Room { rows: 1, bytes: row.sealed.size });
        let whole = sizes().zip(&answers).filter(|(_, answer)| is_new(answer)).map(|(size, _)| size);
        let whole = whole.reduce(Room::plus).filter(|_| self.atomic);
        for (answer, size) in answers.iter_mut().zip(sizes()) {
            if matches!(answer, Acceptance::Full(_)) && !whole.unwrap_or(size).fits_into(most) {
                *answer = Acceptance::TooLarge(most);
            }
        }
        answers
    }
}

/// One submission to accept.
pub struct NewRow {
    /// The message's id.
    pub id: Id,
    /// A repeat under the same key is no second submission.
    pub key: Option<IdempotencyKey>,
    /// What to send and to whom.
    pub sealed: Sealed,
    /// The domain of its author, for counts; no address.
    pub from_domain: String,
    /// Before or behind others.
    pub lane: Lane,
    /// Where it may go.
    pub route_set: RouteSet,
    /// Which rules say so.
    pub rules: RulesVersion,
    /// When it is due.
    pub send: When,
    /// When it is no longer wanted, counted from when it is due.
    pub expires: When,
    /// What was tried before.
    pub earlier: Earlier,
    /// Is its sender told of recipients that their own servers do not take it for?
    pub bounces: bool,
}

/// A point in time that the caller names, or that the store counts from its own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// This long after.
    After(Duration),
    /// Then.
    At(UnixTime),
}

impl When {
    /// The point in time, counted from this one.
    pub fn from(self, start: UnixTime) -> UnixTime {
        match self {
            Self::After(wait) => start.after(wait),
            Self::At(time) => time,
        }
    }
}

/// What rows may take that have not ended. Those that have ended take no room: their content is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Rows.
    pub rows: u64,
    /// Bytes of their content.
    pub bytes: u64,
}

impl Room {
    /// This and other room.
    pub fn plus(self, other: Self) -> Self {
        Self { rows: self.rows.saturating_add(other.rows), bytes: self.bytes.saturating_add(other.bytes) }
    }

    fn least(self, other: Self) -> Self {
        Self { rows: self.rows.min(other.rows), bytes: self.bytes.min(other.bytes) }
    }

    fn fits_into(self, room: Self) -> bool {
        self.rows <= room.rows && self.bytes <= room.bytes
    }
}

/// What became of one item of a [`Batch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// It is in the store.
    Accepted(Ticket),
    /// It was accepted before under its key; this is how it is now.
    Repeated(Ticket),
    /// Not accepted: its key names another message.
    KeyInUse,
    /// Not accepted: there is no room now.
    Full(Full),
    /// Not accepted: it, or an atomic batch that it is part of, takes more than all mail of its caller may.
    TooLarge(Room),
    /// Not accepted: the batch is atomic, and another item was not accepted.
    Withheld,
}

/// What there is too much of already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// Rows of all callers.
    Rows,
    /// Bytes of all callers.
    Bytes,
    /// Rows of this caller.
    CallersRows,
    /// Bytes of this caller.
    CallersBytes,
    /// The disk has less free space than has to stay free. Of the disk of a database server nothing is known, so with
    /// PostgreSQL this never is.
    Disk,
}

impl Full {
    /// Every limit.
    pub const ALL: [Self; 5] = [Self::Rows, Self::Bytes, Self::CallersRows, Self::CallersBytes, Self::Disk];

    /// The word for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Bytes => "bytes",
            Self::CallersRows => "callers_rows",
            Self::CallersBytes => "callers_bytes",
            Self::Disk => "disk",
        }
    }
}

/// A submission that is in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The message's id.
    pub id: Id,
    /// Where it is.
    pub state: State,
    /// Since when it is in the store.
    pub accepted_at: UnixTime,
    /// When it is due, or was first.
    pub send_at: UnixTime,
    /// When it is no longer wanted.
    pub expires_at: UnixTime,
    /// May a provider have a copy of it that is not the accepted one, or that nobody knows of?
    pub possible_duplicate: bool,
}

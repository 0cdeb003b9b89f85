//! What a caller sees of its submissions, and how it changes them.

use super::acceptance::Ticket;
use super::ending::RecipientVerdict;
use super::parts::PartStatus;
use super::row::{Lane, State};
use super::sealed::SealedRecipients;
use crate::model::message::Id;
use crate::model::outcome::Outcome;
use crate::runtime::unix_time::UnixTime;

/// A submission as it is now.
#[derive(Clone)]
pub struct Status {
    /// Its id, state and times.
    pub ticket: Ticket,
    /// Before or behind others.
    pub lane: Lane,
    /// When it is tried next, while it is queued.
    pub next_attempt_at: Option<UnixTime>,
    /// When it ended, if it has.
    pub ended_at: Option<UnixTime>,
    /// Whom it goes to; none once they are erased.
    pub recipients: Option<SealedRecipients>,
    /// What became of each recipient where they differ.
    pub recipient_verdicts: Vec<RecipientVerdict>,
    /// Every hand-over, the first one first; where none was possible, why each upstream was left out.
    pub attempts: Vec<TriedAt>,
    /// The parts of a mail that goes to the recipients' own servers; none of any other.
    pub parts: Vec<PartStatus>,
}

impl Status {
    /// What became of each recipient where they differ, in their order: of one that is in a part, what became of that.
    pub fn of_recipients(&self) -> Vec<RecipientVerdict> {
        let by_parts = self.parts.iter().flat_map(|part| part.places.iter().map(|place| part.came_to(*place)));
        let mut all: Vec<_> = by_parts.collect();
        let is_in_part = |place| self.parts.iter().any(|part| part.places.contains(&place));
        all.extend(self.recipient_verdicts.iter().filter(|verdict| !is_in_part(verdict.place)).cloned());
        all.sort_by_key(|verdict| verdict.place);
        let differ = all.iter().any(|verdict| verdict.outcome != Outcome::Accepted);
        if differ || self.parts.is_empty() { all } else { Vec::new() }
    }
}

/// One hand-over, or why there was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedAt {
    /// The upstream.
    pub upstream: String,
    /// When it began.
    pub at: UnixTime,
    /// How long it took, in milliseconds; none: nothing is known of its end, or there was none.
    pub took_ms: Option<i64>,
    /// What it came to, in the words of [`crate::model::outcome::Outcome`]; none: nothing is known of its end.
    pub outcome: Option<String>,
    /// Why, in words of ours.
    pub reason: Option<String>,
    /// The provider's own code.
    pub code: Option<String>,
    /// The provider's own id for the mail.
    pub provider_message_id: Option<String>,
    /// Did its verdict come after the claim had ended?
    pub late: bool,
}

/// Which submissions a caller wants to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those of this state.
    pub state: Option<State>,
}

/// The last one of a page: the next page begins behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When it was accepted.
    pub accepted_at: UnixTime,
    /// Which it is.
    pub id: Id,
}

/// A part of a list.
pub struct Page {
    /// Without attempts and recipients.
    pub tickets: Vec<Ticket>,
    /// Behind which one the next page begins, if there is one.
    pub next: Option<Cursor>,
}

/// What became of a caller's order.
#[derive(Clone)]
pub enum Change {
    /// It was carried out; so it is now.
    Done(Box<Status>),
    /// It was carried out, and has cancelled the submission; so it is now.
    Cancelled(Box<Status>),
    /// There is no such submission of this caller's.
    NotFound,
    /// Its state does not allow that; so it is now.
    Conflict(Box<Status>),
}

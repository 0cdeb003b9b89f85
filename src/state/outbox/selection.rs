//! Which rows operators mean, and how lists and counts of them come page by page.
//!
//! Invariant: no page and no step of a count looks at more than a bounded number of rows, nor holds more of them,
//! however many there are; a page goes through an index for no more than so many of each caller and state. So one may have
//! fewer rows than were asked for, and a next one all the same. Deliberately absent: recipients and contents.

use super::acceptance::Ticket;
use super::row::{RouteSet, RowId, State};
use super::status::TriedAt;
use crate::model::caller::CallerName;
use crate::runtime::unix_time::UnixTime;

/// Rows that a page looks at, at most.
const LOOKED_AT: usize = 1000;

/// Rows that a step of a count looks at, where an index has all that is asked: others read from the store meanwhile.
const COUNTED: usize = 10_000;

/// Which rows are meant: those that fit every member that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Rows of this state alone.
    pub state: Option<State>,
    /// Rows of this caller alone.
    pub caller: Option<CallerName>,
    /// Rows from addresses at this domain alone, which is in lower case here.
    pub from_domain: Option<String>,
    /// Rows that wait and may go to this upstream, and others that were handed over to it last.
    pub upstream: Option<String>,
    /// Not accepted before this time.
    pub accepted_from: Option<UnixTime>,
    /// Accepted before this time.
    pub accepted_before: Option<UnixTime>,
    /// Rows that may be a second copy, or those that cannot.
    pub possible_duplicate: Option<bool>,
}

/// Which rows of a list come first, by when they were accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The newest.
    #[default]
    Newest,
    /// The oldest.
    Oldest,
}

/// A row in the order in which rows were accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When it was accepted.
    pub accepted_at: UnixTime,
    /// Which it is.
    pub row: RowId,
}

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id, state and times.
    pub ticket: Ticket,
    /// Who it is sent for.
    pub caller: CallerName,
    /// The domain of its author.
    pub from_domain: String,
    /// Where it may go, while it waits; none of a mail in parts.
    pub route_set: Option<RouteSet>,
    /// Else the upstream that it was last handed over to, if it was.
    pub upstream: Option<String>,
    /// When it is tried next, while it is queued.
    pub next_attempt_at: Option<UnixTime>,
    /// The last hand-over, or why there was none.
    pub last_attempt: Option<TriedAt>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// At most as many as were asked for.
    pub rows: Vec<Listed>,
    /// Behind which row the next page begins, if there may be one.
    pub next: Option<Place>,
}

/// How far a walk through a selection has come, which goes caller by caller, the oldest row of each first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// The caller whose rows come next.
    pub caller: CallerName,
    /// Behind this one of them.
    pub place: Place,
}

/// What a step has counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountedRows {
    /// Rows.
    pub rows: u64,
    /// Where the next step begins, if there may be more.
    pub next: Option<Walked>,
}

impl Selection {
    /// The first time of acceptance that fits, and the first one behind that does not; of rows behind this place.
    pub(super) fn between(&self, sort: Sort, after: Place) -> (UnixTime, UnixTime) {
        let from = self.accepted_from.unwrap_or(UnixTime(i64::MIN));
        let before = self.accepted_before.unwrap_or(UnixTime(i64::MAX));
        match sort {
            Sort::Oldest => (from.max(after.accepted_at), before),
            Sort::Newest => (from, before.min(UnixTime(after.accepted_at.0.saturating_add(1)))),
        }
    }

    /// Its states.
    pub(super) fn states(&self) -> Vec<State> {
        self.state.map_or_else(|| State::ALL.to_vec(), |state| vec![state])
    }

    /// How many rows a page of so many has to look at, of each caller and state.
    pub(super) fn looked_at(&self, limit: usize) -> usize {
        if self.looks_at_rows() { LOOKED_AT } else { limit.saturating_add(1).min(LOOKED_AT) }
    }

    /// How many rows a step of a count looks at.
    pub(super) fn counted(&self) -> usize {
        if self.looks_at_rows() { LOOKED_AT } else { COUNTED }
    }

    /// Does it ask for more than a state, a caller and times, which indexes have?
    pub(super) fn looks_at_rows(&self) -> bool {
        self.from_domain.is_some() || self.upstream.is_some() || self.possible_duplicate.is_some()
    }
}

impl Sort {
    /// Before every row.
    pub(super) fn start(self) -> Place {
        let end = match self {
            Self::Newest => i64::MAX,
            Self::Oldest => i64::MIN,
        };
        Place { accepted_at: UnixTime(end), row: RowId(end) }
    }

    /// In this order.
    pub(super) fn sort(self, places: &mut [Place]) {
        match self {
            Self::Newest => places.sort_unstable_by_key(|place| std::cmp::Reverse(*place)),
            Self::Oldest => places.sort_unstable(),
        }
    }

    /// Is this row behind that one?
    pub(super) fn is_behind(self, place: Place, after: Place) -> bool {
        match self {
            Self::Newest => place < after,
            Self::Oldest => place > after,
        }
    }
}

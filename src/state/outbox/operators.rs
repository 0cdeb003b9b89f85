//! What operators see of the outbox, and what they decide on rows that wait for people.

use std::time::Duration;

use super::history::Note;
use super::parts::UPSTREAM;
use super::row::{RouteSet, RowId, State};
use crate::model::caller::CallerName;
use crate::runtime::unix_time::UnixTime;

/// Rows that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Their state.
    pub state: State,
    /// Where they may go, while they wait: queued, claimed or parked.
    pub route_set: Option<RouteSet>,
    /// Else the upstream that they were last handed over to, if they were.
    pub upstream: Option<String>,
    /// How many.
    pub rows: u64,
    /// Bytes of their content, of those that have not ended.
    pub bytes: u64,
    /// When the oldest of them was to be sent, whatever came between: one that waits for its time is not old. None of those
    /// that have ended.
    pub oldest: Option<UnixTime>,
}

impl Count {
    /// Are they of mails that go to their recipients' own servers?
    pub fn is_in_parts(&self) -> bool {
        self.upstream.as_deref() == Some(UPSTREAM)
    }
}

/// How far it is with an order to erase, which is carried out in steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Erasing {
    /// It begins, and is kept with who gave it. It is about the rows that there are now.
    First(Note),
    /// It goes on, up to the row that [`Erased::next`] has named.
    Next(RowId),
}

/// What one step has erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Submissions.
    pub rows: usize,
    /// Those of them that waited, and were cancelled by that.
    pub cancelled: usize,
    /// Those of them that were in parts, of which some waited and others were taken: they have ended as accepted.
    pub accepted: usize,
    /// The last row that the order is about, if there may be more to erase.
    pub next: Option<RowId>,
}

/// What to do with one submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Send a parked one anew; an `unknown` one too, at the risk of a second copy.
    Retry,
    /// An `unknown` one was taken by the provider: so a person found out there.
    SettleAsAccepted,
    /// An `unknown` one was not taken: it goes back to the queue. If it was erased meanwhile it is cancelled by that, and if
    /// its time is over it has expired.
    SettleAsNone,
    /// One that waits is not sent any more.
    Cancel,
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ordered {
    /// It was carried out; this is the state now.
    Done(State),
    /// There is no such submission.
    NotFound,
    /// The state does not allow that, or the content is gone.
    Conflict(State),
    /// It would be sent again, but its time is over.
    Over(State),
}

impl Ordered {
    /// Why an order changed nothing that was given on a row in this state.
    pub(super) fn refused(order: Order, state: State, is_over: bool) -> Self {
        let waits = matches!(state, State::Parked | State::Unknown);
        if order == Order::Retry && waits && is_over { Self::Over(state) } else { Self::Conflict(state) }
    }
}

/// Which parked rows go back to the queue: of those that [`super::Outbox::accept_restore`] has parked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Rows of this caller alone.
    pub caller: Option<CallerName>,
    /// Rows from addresses at this domain alone, which is in lower case here.
    pub from_domain: Option<String>,
    /// Not accepted before this time.
    pub accepted_from: Option<UnixTime>,
    /// Accepted before this time.
    pub accepted_before: Option<UnixTime>,
    /// They become due one after the other within this time.
    pub over: Duration,
    /// At most so many, the oldest first.
    pub limit: usize,
}

/// What became of a release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Released {
    /// Rows that are queued now.
    pub released: u64,
    /// Does the filter leave rows parked still, because there were more than the limit?
    pub more: bool,
}

//! What the pump asks of the store, and what it gets.

use std::collections::BTreeMap;

use super::row::{Fence, Hold, Lane, RouteSet, RowId, State};
use super::sealed::SealedContent;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
use crate::runtime::unix_time::UnixTime;

/// Rows that a node can send now.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Only rows of these sets.
    pub sets: Vec<RouteSet>,
    /// At most so many rows of each lane, in the order of [`Lane::ALL`].
    pub of_lane: [usize; Lane::ALL.len()],
    /// At most so many rows of one caller.
    pub of_caller: usize,
    /// No more rows once their messages have so many bytes; the first one may have more.
    pub bytes: u64,
    /// No rows of these callers, which have enough of them under way.
    pub without: Vec<CallerName>,
    /// So many of four rows of a lane are the newest due ones instead of the oldest: 0 to 4.
    pub newest_of_four: usize,
    /// If there is a row that was lost before, the oldest such row of any lane and no other one. False: none of them.
    pub lost: bool,
}

/// What is queued of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Where the rows may go.
    pub set: RouteSet,
    /// Which lanes have rows, in the order of [`Lane::ALL`].
    pub lanes: [bool; Lane::ALL.len()],
    /// Are all of them of one caller, so that no other one waits?
    pub is_of_one_caller: bool,
}

impl Queued {
    /// From each lane of each set that has rows: its place in [`Lane::ALL`], its first and its last caller.
    pub(super) fn of<C: PartialEq>(lanes: impl IntoIterator<Item = (RouteSet, usize, [C; 2])>) -> Vec<Self> {
        let mut sets = BTreeMap::<RouteSet, ([bool; Lane::ALL.len()], Vec<C>)>::new();
        for (set, lane, both) in lanes {
            let (lanes, callers) = sets.entry(set).or_default();
            lanes.iter_mut().skip(lane).take(1).for_each(|has| *has = true);
            callers.extend(both);
        }
        let queued = |(set, (lanes, callers)): (RouteSet, (_, Vec<C>))| {
            let is_of_one_caller = callers.iter().all(|caller| Some(caller) == callers.first());
            Self { set, lanes, is_of_one_caller }
        };
        sets.into_iter().map(queued).collect()
    }
}

/// A row in hand.
pub struct Claimed {
    /// The right to work on it.
    pub hold: Hold,
    /// The id of its message.
    pub id: Id,
    /// Who it is sent for.
    pub caller: CallerName,
    /// What it is called by its caller.
    pub key: Option<IdempotencyKey>,
    /// Before or behind others.
    pub lane: Lane,
    /// Where it may go.
    pub route_set: RouteSet,
    /// Since when it is in the store.
    pub accepted_at: UnixTime,
    /// When it is no longer wanted.
    pub expires_at: UnixTime,
    /// Attempts so far that count.
    pub attempts: u32,
    /// May a provider have it already, so that this could be a second copy?
    pub possible_duplicate: bool,
    /// Was it lost before, with its node or because it could not be opened?
    pub was_lost: bool,
    /// The message; none where it is gone or unreadable, which only a fault of ours could bring about.
    pub content: Option<SealedContent>,
}

impl Claimed {
    /// Its fence.
    pub fn fence(&self) -> Fence {
        self.hold.fence
    }
}

/// A queued row whose set other rules have made.
pub struct Stale {
    /// The row.
    pub row: RowId,
    /// The id of its message.
    pub id: Id,
    /// Who it is sent for.
    pub caller: CallerName,
    /// The message.
    pub content: Option<SealedContent>,
}

/// A mail that came into a state while no call was about it, so that nobody has heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedMail {
    /// Its id.
    pub id: Id,
    /// Who it was to be sent for.
    pub caller: CallerName,
    /// The state; of one that was dropped, its last.
    pub state: State,
}

/// What dead nodes have left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Buried {
    /// Rows that went back to the queue.
    pub queued: u64,
    /// Rows that were lost for the third time.
    pub parked: u64,
    /// Rows that a provider may have.
    pub unknown: u64,
    /// Each that was parked or may be with a provider.
    pub mails: Vec<NamedMail>,
}

/// What a sweep came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Rows whose time was over.
    pub expired: u64,
    /// Rows that were kept for long enough.
    pub dropped: u64,
    /// Those of them that were `unknown` to the end.
    pub unknown: u64,
    /// Is there more to sweep?
    pub more: bool,
    /// Each whose time was over, or that was dropped and `unknown` to the end.
    pub mails: Vec<NamedMail>,
    /// Mails in parts that were ended by the time of their last parts, while others had ended otherwise.
    pub partly: Vec<NamedMail>,
    /// Where mails have ended that the version before had erased without a look at their parts.
    pub erased: Vec<State>,
}

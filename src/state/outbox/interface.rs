//! The calls that change and show rows, which every store answers: one conformance suite runs on all of them.

use std::time::Duration;

use super::acceptance::{Acceptance, Batch};
use super::bound::Bound;
use super::claim::{Buried, Claimed, Queued, Stale, Swept, Wanted};
use super::ending::{Ended, Mark};
use super::history::{History, Note, Noted, Restored, WentBack};
use super::operators::{Count, Erased, Erasing, Order, Ordered, Release, Released};
use super::order_all::{OrderAll, OrderedAll};
use super::row::{Hold, NodeId, RouteSet, RowId, RulesVersion, State};
use super::sealed::Hmac;
use super::selection::{CountedRows, Listing, Place, Selection, Sort, Walked};
use super::status::{Change, Cursor, Filter, Page, Status};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::store::Answered;

/// The rows of all nodes that share a store.
///
/// What a call has changed is on the disk when its answer is there; calls that wait at the same moment may share a
/// transaction. A dropped call may have been carried out.
/// What a claim or a replay has taken is on the disk before its messages are read: a node that dies of one has lost it.
pub trait Outbox: Send + Sync {
    /// The time of the store, as far as this node knows it: that of other nodes too, whatever their clocks show.
    fn now(&self) -> UnixTime;

    /// Takes submissions of one caller, each with its `Idempotency-Key`, in one transaction; an answer per item in order.
    fn accept(&self, batch: Batch) -> Answered<'_, Vec<Acceptance>>;

    /// Claims due rows for a node: of the sets that it names and no others, never more than it asks for. None while the
    /// outbox is paused. A row that was lost before is claimed alone: if nodes die of it, no other row is lost with it again.
    fn claim<'a>(&'a self, node: NodeId, wanted: &'a Wanted) -> Answered<'a, Vec<Claimed>>;

    /// Gives claimed rows back to the queue unharmed: neither an attempt nor a loss. Marked ones stay as they are. How
    /// many went back.
    fn give_back<'a>(&'a self, holds: &'a [Hold]) -> Answered<'a, usize>;

    /// Asks for the store's consent to hand this row over: true, and the mail may go on the wire; false, and it must not.
    /// Asked once more, as after an answer that was lost, it consents again. The caller asks for the next upstream only after
    /// the definite no of the one before.
    fn mark<'a>(&'a self, hold: &'a Hold, mark: &'a Mark) -> Answered<'a, bool>;

    /// Records what became of a claim: the state of the row by now, or none where the fence is lost. Asked once more, as
    /// after an answer that was lost, it says the same, as long as the row is where that end brought it.
    ///
    /// The late verdict of a hand-over is taken too. It settles a row that is `unknown` under the same fence. Once the row
    /// has another fence, or a person has put it back, an acceptance ends it all the same, under any claim, and says where
    /// a second copy is possible; a mail that was not taken ends the row only where it is `unknown` and no other hand-over
    /// is in doubt. What has ended stays as it is. Of each the verdict is kept with its hand-over.
    ///
    /// A claim that was never marked can end as [`Ended::Again`] or [`Ended::Refused`], and it alone as [`Ended::Lost`].
    /// A replay that is not accepted settles the row only where no other hand-over is in doubt: a refusal of the second one
    /// says nothing of the first, so else the row is `unknown` again.
    fn end<'a>(&'a self, hold: &'a Hold, ended: &'a Ended) -> Answered<'a, Option<State>>;

    /// Takes `unknown` rows to be handed over once more to this upstream, which has them or may have them and takes a
    /// mail once: those whose window is open and whose wait is over, as many as the bound allows, the oldest first. They are
    /// marked already, under a new fence. One of whose replay a node has died is taken alone, once it is the oldest.
    fn replay<'a>(&'a self, node: NodeId, upstream: &'a str, bound: Bound) -> Answered<'a, Vec<Claimed>>;

    /// Says that this node lives. Answers why the store is taken for an older copy of itself, if it is: then nothing is
    /// claimed, replayed or marked until [`Outbox::accept_restore`].
    fn heartbeat(&self, node: NodeId) -> Answered<'_, Option<WentBack>>;

    /// Ends what dead nodes have held, for a node that lives: what it holds itself is never taken for a dead one's, however
    /// long it was silent. Claimed rows go back to the queue with one more loss, and are parked at the third;
    /// marked ones become `unknown`, and are not replayed before [`super::ATTEMPT`] has passed since the mark. A replay is a
    /// loss too: after the third the row is not replayed any more.
    fn bury(&self, own: NodeId) -> Answered<'_, Buried>;

    /// Ends rows whose time is over, and drops those that have been kept for long enough, and where they have a key for a
    /// day at least: as much of each as the bound allows. To be repeated while there is more.
    fn sweep(&self, bound: Bound) -> Answered<'_, Swept>;

    /// The sets of queued rows, in their order, and what is queued of each.
    fn route_sets(&self) -> Answered<'_, Vec<Queued>>;

    /// Queued rows whose set was not made by this version of the rules, as many as the bound allows: they come with their
    /// messages.
    fn stale(&self, rules: RulesVersion, bound: Bound) -> Answered<'_, Vec<Stale>>;

    /// Gives queued rows the sets that this version of the rules makes. Rows that are no longer queued stay as they are.
    fn reroute<'a>(&'a self, rules: RulesVersion, sets: &'a [(RowId, RouteSet)]) -> Answered<'a, ()>;

    /// What is known of a caller's submission. Another caller's is as unknown as one that does not exist.
    fn status<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Option<Status>>;

    /// Is anything known of a caller's submission? Costs less than its status.
    fn has<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, bool>;

    /// A caller's submissions, the newest first, at most `limit` behind the cursor.
    fn list<'a>(
        &'a self,
        caller: &'a CallerName,
        filter: Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Answered<'a, Page>;

    /// Changes when a queued submission is due.
    fn reschedule<'a>(&'a self, caller: &'a CallerName, id: Id, send_at: UnixTime) -> Answered<'a, Change>;

    /// Cancels a submission that is queued, claimed or parked, and drops its content. One that is under way is a conflict.
    fn cancel<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change>;

    /// Drops content and recipients of a submission that has ended or is `unknown`; one that waits is cancelled first. One
    /// that is under way is a conflict.
    fn erase<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change>;

    /// How many rows there are by state and upstream, what they take, and when the oldest was due first. Costs as much as
    /// there are states and upstreams, however many rows there are.
    fn counts(&self) -> Answered<'_, Vec<Count>>;

    /// Stops all claims and replays of all nodes, or lets them go on.
    fn pause(&self, paused: bool, note: Note) -> Answered<'_, ()>;

    /// Are they stopped?
    fn is_paused(&self) -> Answered<'_, bool>;

    /// Carries out what a person decides on one row.
    fn order(&self, id: Id, order: Order, note: Note) -> Answered<'_, Ordered>;

    /// Rows of all callers that fit, by when they were accepted, at most `limit` behind this one.
    fn select<'a>(
        &'a self,
        selection: &'a Selection,
        sort: Sort,
        after: Option<Place>,
        limit: usize,
    ) -> Answered<'a, Listing>;

    /// How many rows fit, of those that one step looks at: to be repeated with [`CountedRows::next`]. The selection names a
    /// state that rows stay in.
    fn count<'a>(&'a self, selection: &'a Selection, after: Option<Walked>) -> Answered<'a, CountedRows>;

    /// Carries out an order on the rows that fit, as many as the bound allows: to be repeated with [`OrderedAll::next`]. What
    /// is somewhere else by the time that its turn comes is left alone.
    fn order_all(&self, all: OrderAll, bound: Bound) -> Answered<'_, OrderedAll>;

    /// Parks what waited when the store was found to be an older copy, or waits now if that was never found: at most
    /// `limit` rows a call. What was accepted since stays in the queue. Marked rows become `unknown`, and no `unknown` row
    /// is replayed. All that had not ended, parked and `unknown` rows too, says from then on that it may be a second copy if
    /// it is sent. Once nothing is left, a new epoch begins, and claims go on.
    fn accept_restore(&self, limit: usize, note: Note) -> Answered<'_, Restored>;

    /// Gives parked rows back to the queue that [`Outbox::accept_restore`] has parked. Each may be a second copy, and
    /// says so.
    fn release(&self, release: Release, note: Note) -> Answered<'_, Released>;

    /// How far the store has come, and whether it is taken for an older copy of itself.
    fn history(&self) -> Answered<'_, History>;

    /// Keeps an order that this node alone carries out: nothing else is changed.
    fn note(&self, note: Note) -> Answered<'_, ()>;

    /// The orders that were carried out, or those before this number, the newest first: at most `limit`.
    fn audit(&self, before: Option<i64>, limit: usize) -> Answered<'_, Vec<Noted>>;

    /// Drops the oldest orders that were kept for this long: one step. True: there may be more.
    fn sweep_audit(&self, keep: Duration) -> Answered<'_, bool>;

    /// The submissions to a recipient, by its HMACs, the newest first, at most `limit`. Kept with who has asked.
    fn of_recipient<'a>(&'a self, hmacs: &'a [Hmac], limit: usize, note: Note) -> Answered<'a, Vec<(CallerName, Id)>>;

    /// Erases every submission to a recipient as [`Outbox::erase`] does. Those under way are not
    /// handed over to any further upstream, and lose content and recipients too.
    ///
    /// As many as the bound allows: to be repeated with [`Erased::next`]. What is accepted after the first step may stay; an
    /// order that is given anew erases what an earlier one has left.
    fn erase_recipient<'a>(&'a self, hmacs: &'a [Hmac], step: Erasing, bound: Bound) -> Answered<'a, Erased>;
}

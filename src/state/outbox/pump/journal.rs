//! The journal of one row: its place in a window, and the consent of the store to each hand-over.
//!
//! Without a clear consent the mail is not handed over: the store may be down, the mail expired or cancelled, the fence lost,
//! the node about to end or cut off from the store. Where it is not clear whether the store has marked the row, it was not
//! handed over all the same, and the end of the claim says so.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::timeout;

use super::super::claim::Claimed;
use super::super::ending::Mark;
use super::super::row::Hold;
use super::context::{Context, STORE_TIMEOUT};
use super::pending::Pending;
use super::window::{Epoch, Place};
use crate::delivery::dispatch::{Journal, NotMarked, Target};
use crate::model::outcome::{Outcome, Verdict};
use crate::runtime::shutdown::Shutdown;

/// The journal of one row.
pub(super) struct RowJournal<'a> {
    context: &'a Context,
    hold: Hold,
    /// Had the store marked it before it gave it out?
    was_marked: bool,
    progress: Mutex<Progress<'a>>,
}

/// What the store said to the hand-overs of one claim.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    /// May the store have marked one?
    pub(super) is_marked: bool,
    /// Was there one without consent?
    pub(super) is_refused: bool,
}

struct Progress<'a> {
    /// Held until the mail has a place, or needs none.
    pending: Option<Pending>,
    /// At the upstream that it may be handed to next, until the store consents to that, or the hand-over does not come.
    next: Option<(Place<'a>, Epoch)>,
    /// At the upstream where the store has it, or at each where it may have it. They are kept until the store has heard of
    /// another hand-over or of the end: no more mails are marked at a time than are on their way, so a crash leaves no more
    /// of them in doubt.
    places: Vec<Place<'a>>,
    /// The epoch of the window at the last hand-over.
    epoch: Epoch,
    is_marked: bool,
    is_refused: bool,
    /// May another upstream have the mail?
    is_at_risk: bool,
}

impl<'a> RowJournal<'a> {
    /// For a claimed row.
    pub(super) fn new(context: &'a Context, claimed: &Claimed, pending: Pending) -> Self {
        let (pending, is_at_risk) = (Some(pending), claimed.possible_duplicate);
        let (next, places, epoch) = (None, Vec::new(), Epoch::default());
        let progress = Progress { pending, next, places, epoch, is_marked: false, is_refused: false, is_at_risk };
        Self { context, hold: claimed.hold, was_marked: false, progress: Mutex::new(progress) }
    }

    /// For a row that the store has marked before it gave it out.
    pub(super) fn of_marked(context: &'a Context, claimed: &Claimed, pending: Pending) -> Self {
        Self { was_marked: true, ..Self::new(context, claimed, pending) }
    }

    /// No more hand-overs. What there was of marks. The journal is kept, with its places, until the store has heard the end.
    pub(super) fn close(&self) -> Marks {
        let mut progress = self.lock();
        (progress.pending, progress.next) = (None, None);
        Marks { is_marked: progress.is_marked, is_refused: progress.is_refused }
    }

    /// What the store says; none: that is not clear.
    async fn ask(&self, target: Target<'_>) -> Option<bool> {
        if !self.context.may_work() {
            return Some(false);
        }
        if self.was_marked {
            return Some(true);
        }
        let possible_duplicate = self.lock().is_at_risk;
        let upstream = target.name().to_string();
        // A replay here could not clear up what became of the mail at another upstream.
        let replay_for = target.takes_once_for().filter(|_| !possible_duplicate);
        let mark = Mark { upstream, replay_for, possible_duplicate };
        let answer = timeout(STORE_TIMEOUT, self.context.parts.store.mark(&self.hold, &mark)).await;
        answer.ok().and_then(Result::ok)
    }

    /// One task works on a row, so nobody waits for this lock.
    fn lock(&self) -> MutexGuard<'_, Progress<'a>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress<'_> {
    /// What the store said to the mark at the next place. Where there is no answer, it may be marked.
    fn hear(&mut self, answer: Option<bool>, was_marked: bool) {
        self.is_marked |= answer != Some(false) && !was_marked;
        self.is_refused |= answer != Some(true);
        if answer == Some(false) {
            return;
        }
        if answer == Some(true) {
            self.places.clear();
        }
        if let Some((place, epoch)) = self.next.take() {
            self.places.push(place);
            self.epoch = epoch;
        }
    }
}

/// Gives the next place back, if the hand-over did not come.
struct GivenBack<'j, 'a>(&'j RowJournal<'a>);

impl Drop for GivenBack<'_, '_> {
    fn drop(&mut self) {
        self.0.lock().next = None;
    }
}

impl Journal for &RowJournal<'_> {
    fn drain(&self) -> Option<&Shutdown> {
        Some(&self.context.parts.drain)
    }

    fn place(&self, target: Target<'_>) -> Option<impl Send> {
        let place = self.context.windows.take(target)?;
        let mut progress = self.lock();
        (progress.next, progress.pending) = (Some(place), None);
        drop(progress);
        Some(GivenBack(self))
    }

    async fn mark(&self, target: Target<'_>) -> Result<(), NotMarked> {
        let answer = self.ask(target).await;
        self.lock().hear(answer, self.was_marked);
        if answer == Some(true) { Ok(()) } else { Err(NotMarked) }
    }

    fn end(&self, target: Target<'_>, verdict: &Verdict) {
        let mut progress = self.lock();
        progress.is_at_risk |= verdict.outcome == Outcome::Unknown;
        self.context.windows.end(target.name(), verdict.blame(), progress.epoch);
    }
}

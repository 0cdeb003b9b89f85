//! One row from its claim to its end.
//!
//! The claim is ended by this task and no other. What was never marked is given back unharmed where there was no consent to
//! a hand-over; a mail that cannot be opened waits for a node that can, or is a loss, as if its node had died.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::super::claim::Claimed;
use super::super::ending::{Ended, Verdict};
use super::super::parts::UPSTREAM;
use super::super::sealed::SealedContent;
use super::conclusion::{Facts, Obstacle};
use super::context::Context;
use super::direct::split::{goes_direct, split};
use super::evidence;
use super::journal::{Marks, RowJournal};
use super::late::Late;
use super::panicking::release;
use super::pending::Pending;
use super::recording::{give_back, record};
use super::schedule;
use super::unopened::Unopened;
use crate::delivery::upstream::LateVerdict;
use crate::model::outcome::{self, Outcome};
use crate::model::receipt::Answer;
use crate::model::submission::{SendOptions, Submission};

/// A row in hand.
struct Delivery {
    context: Arc<Context>,
    claimed: Claimed,
    submission: Submission,
    late: Late,
    begun: Instant,
    /// What each line in the log about it has, also where a task of its own writes it.
    span: Span,
}

/// Takes a claimed row to its end.
pub(super) async fn deliver(context: Arc<Context>, claimed: Claimed, pending: Pending) {
    let under_way = context.callers.begin(claimed.route_set.clone(), claimed.caller.clone());
    let held = context.in_hand.hold(size(&claimed));
    match Delivery::open(&context, claimed) {
        Ok(delivery) => delivery.deliver(pending).await,
        Err(sealed) => {
            drop(pending);
            leave_sealed(&context, &sealed).await;
        }
    }
    drop((under_way, held));
    context.wake.notify_one();
}

/// Hands a row once more to this upstream, which may have it; the store has marked it.
pub(super) async fn replay(context: Arc<Context>, claimed: Claimed, upstream: Arc<str>, pending: Pending) {
    let held = context.in_hand.hold(size(&claimed));
    match Delivery::open(&context, claimed) {
        Ok(delivery) => delivery.replay(&upstream, pending).await,
        Err(sealed) => {
            drop(pending);
            let wait = schedule::refused_accounts(fastrand::f64());
            let ended = Ended::Again { verdicts: Vec::new(), wait, counted: false, possible_duplicate: false };
            record(&context, &sealed.hold, &ended).await;
        }
    }
    drop(held);
    context.wake.notify_one();
}

/// It waits, and is parked at the third loss: a person has to look at it.
async fn leave_sealed(context: &Context, sealed: &Claimed) {
    let Claimed { id, hold, content, possible_duplicate, .. } = sealed;
    let possible_duplicate = *possible_duplicate;
    let ended = match context.unopened(*id, content.as_ref()) {
        Unopened::Waits(wait) => Ended::Again { verdicts: Vec::new(), wait, counted: false, possible_duplicate },
        Unopened::Lost(wait) => Ended::Lost { wait },
    };
    record(context, hold, &ended).await;
}

impl Delivery {
    fn open(context: &Arc<Context>, claimed: Claimed) -> Result<Arc<Self>, Box<Claimed>> {
        let Claimed { id, caller, content, key, .. } = &claimed;
        let open = |content: &SealedContent| context.parts.contents.open(*id, caller, content);
        let Some(Submission { message, caller, options }) = content.as_ref().and_then(open) else {
            return Err(Box::new(claimed));
        };
        let submission = Submission { message, caller, options: SendOptions { key: *key, ..options } };
        let (context, late, begun) = (Arc::clone(context), Late::default(), Instant::now());
        let span = Span::current();
        // Not needed any more, and as large as the message.
        let claimed = Claimed { content: None, ..claimed };
        Ok(Arc::new(Self { context, claimed, submission, late, begun, span }))
    }

    async fn deliver(self: &Arc<Self>, pending: Pending) {
        let Self { context, claimed, submission, .. } = &**self;
        let (dispatcher, may_go_direct) = (&context.parts.dispatcher, !self.may_be_at_an_upstream());
        if may_go_direct && goes_direct(context, &claimed.route_set) && dispatcher.ends_at_mx(submission) {
            if !self.split(Vec::new(), Some(pending)).await {
                give_back(context, &claimed.hold).await;
            }
            return;
        }
        let journal = RowJournal::new(context, claimed, pending);
        if AssertUnwindSafe(self.hand_over(&journal, may_go_direct)).catch_unwind().await.is_err() {
            self.release(&journal).await;
        }
    }

    /// Ends the claim after a panic. The journal keeps its places until the store has heard of it.
    async fn release(&self, journal: &RowJournal<'_>) {
        journal.close();
        release(&self.context, &self.claimed.hold).await;
    }

    async fn hand_over(self: &Arc<Self>, journal: &RowJournal<'_>, may_go_direct: bool) {
        let Self { context, claimed, submission, late, .. } = &**self;
        let dispatcher = &context.parts.dispatcher;
        let answer = dispatcher.deliver(submission, journal, &self.late_verdict()).await;
        let Marks { is_marked, is_refused } = journal.close();
        if is_refused && !is_marked {
            return give_back(context, &claimed.hold).await;
        }
        let answer = late.end(answer);
        let verdicts = evidence::of_answer(&submission.message, &answer);
        let goes_on = |error| may_go_direct && dispatcher.goes_on_at_mx(submission, error);
        if answer.as_ref().is_err_and(goes_on) && self.split(verdicts.clone(), None).await {
            return;
        }
        record(context, &claimed.hold, &self.conclude(&answer, verdicts, is_marked)).await;
    }

    /// May an upstream have it from before? Then it waits for the upstreams.
    fn may_be_at_an_upstream(&self) -> bool {
        let Claimed { possible_duplicate, route_set, .. } = &self.claimed;
        *possible_duplicate && route_set.names().any(|name| name != UPSTREAM)
    }

    /// Splits the mail, for its recipients' own servers. False: it goes there by no claim of this node, or not by this one.
    async fn split(&self, verdicts: Vec<Verdict>, pending: Option<Pending>) -> bool {
        let Self { context, claimed, submission, .. } = self;
        let Some(delivery) = &context.parts.direct else { return false };
        let is_split = split(context, delivery, claimed, &submission.message, verdicts, pending).await;
        if is_split {
            self.forget_obstacles();
        }
        is_split
    }

    fn forget_obstacles(&self) {
        let row = self.claimed.hold.row;
        Obstacle::ALL.iter().for_each(|obstacle| self.context.obstacles.forget(&(row, *obstacle)));
    }

    async fn replay(self: &Arc<Self>, upstream: &str, pending: Pending) {
        let journal = RowJournal::of_marked(&self.context, &self.claimed, pending);
        if AssertUnwindSafe(self.hand_over_anew(&journal, upstream)).catch_unwind().await.is_err() {
            self.release(&journal).await;
        }
    }

    async fn hand_over_anew(self: &Arc<Self>, journal: &RowJournal<'_>, upstream: &str) {
        let Self { context, claimed, submission, .. } = &**self;
        let late = self.late_verdict_on_replay();
        let replaying = context.parts.dispatcher.replay(submission, upstream, journal, &late);
        let replayed = AssertUnwindSafe(replaying).catch_unwind().await;
        journal.close();
        let ended = match replayed {
            Ok(Ok(Some(attempt))) => {
                let verdicts = evidence::of_replay(&submission.message, Some(&attempt));
                self.conclude_replay(attempt.verdict.outcome, verdicts)
            }
            // It was not handed over once more.
            Ok(Ok(None) | Err(_)) => self.conclude_replay(Outcome::Unavailable, Vec::new()),
            // A panic says as little as silence.
            Err(_) => self.conclude_replay(Outcome::Unknown, Vec::new()),
        };
        record(context, &claimed.hold, &ended).await;
    }

    /// What the verdict on a replay means. The store settles the row by one that is no acceptance only where no other
    /// hand-over is in doubt.
    fn conclude_replay(&self, outcome: Outcome, verdicts: Vec<Verdict>) -> Ended {
        let Self { context, claimed, .. } = self;
        let (row, possible_duplicate) = (claimed.hold.row, claimed.possible_duplicate);
        if outcome == Outcome::Accepted {
            context.unclear_replays.forget(&row);
            return Ended::Accepted { verdicts, possible_duplicate };
        }
        let attempts = claimed.attempts.saturating_add(context.unclear_replays.count(row));
        let wait = context.parts.policy.schedule.after(attempts, fastrand::f64());
        match outcome {
            Outcome::Unknown => Ended::Unknown { verdicts, replay_after: wait },
            Outcome::MessageRejected => Ended::Refused { verdicts },
            _ => Ended::Again { verdicts, wait, counted: false, possible_duplicate },
        }
    }

    /// Takes a late verdict on a replay.
    fn late_verdict_on_replay(self: &Arc<Self>) -> LateVerdict {
        let delivery = Arc::clone(self);
        Arc::new(move |upstream: &str, verdict: &outcome::Verdict| {
            if verdict.outcome != Outcome::Unknown {
                delivery.end_late(upstream, verdict, |verdicts| delivery.conclude_replay(verdict.outcome, verdicts));
            }
        })
    }

    fn conclude(&self, answer: &Answer, verdicts: Vec<Verdict>, is_marked: bool) -> Ended {
        let Self { context, claimed, .. } = self;
        let row = claimed.hold.row;
        let times = match Obstacle::of(answer) {
            Some(obstacle) => context.obstacles.count((row, obstacle)),
            None => {
                self.forget_obstacles();
                0
            }
        };
        let facts = Facts {
            verdicts,
            is_marked,
            attempts: claimed.attempts.saturating_add(1),
            times,
            possible_duplicate: claimed.possible_duplicate,
            draw: fastrand::f64(),
        };
        context.parts.policy.conclude(answer, facts)
    }

    /// What becomes known after the claim has ended ends it anew, in a task of its own: the adapter that tells it does not wait.
    fn late_verdict(self: &Arc<Self>) -> LateVerdict {
        let delivery = Arc::clone(self);
        Arc::new(move |upstream: &str, verdict: &outcome::Verdict| {
            if let Some(answer) = delivery.late.hear(upstream, verdict) {
                delivery.end_late(upstream, verdict, |verdicts| delivery.conclude(&answer, verdicts, true));
            }
        })
    }

    fn end_late(
        self: &Arc<Self>,
        upstream: &str,
        verdict: &outcome::Verdict,
        ended: impl FnOnce(Vec<Verdict>) -> Ended,
    ) {
        let message = &self.submission.message;
        let ended = ended(vec![evidence::late(message, upstream, verdict, self.begun.elapsed())]);
        let delivery = Arc::clone(self);
        let recording = async move { record(&delivery.context, &delivery.claimed.hold, &ended).await };
        self.context.parts.drain.spawn(recording.instrument(self.span.clone()));
    }
}

/// Bytes of its content.
fn size(claimed: &Claimed) -> usize {
    claimed.content.iter().flat_map(|content| &content.parts).map(Vec::len).sum()
}

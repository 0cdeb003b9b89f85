//! One try at one upstream: place, permit, token, mark, send, verdict, settle. Place and permit are held as long as the send,
//! no longer (a journal may keep the place). The token of a rate comes after them: what is refused before takes none.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::field::display;
use tracing::{error, info, warn};

use super::journal::{Journal, NotMarked, Target};
use super::neighbours::Neighbours;
use crate::delivery::upstream::{Ended, LateVerdict, Offer, Upstream};
use crate::model::left_out::LeftOut;
use crate::model::message::Message;
use crate::model::outcome::{Blame, Outcome, Verdict};
use crate::model::receipt::Attempt;
use crate::model::skip::SkipReason;
use crate::runtime::millis::millis;
use crate::runtime::shutdown::Shutdown;

/// One mail on its way from upstream to upstream.
pub(super) struct Call<'a, J> {
    pub(super) message: &'a Message,
    /// Has the record of each hand-over.
    pub(super) journal: J,
    /// The upstreams that it may go to instead. `None`: it is asked about where it may be, and that opens no circuit early.
    pub(super) neighbours: Option<Neighbours<'a>>,
    /// For all attempts together.
    pub(super) deadline: Instant,
    /// The node may end before; a journal may have a drain of its own.
    pub(super) shutdown: &'a Shutdown,
    /// Is called for attempts that end after the answer.
    pub(super) late: Option<&'a LateVerdict>,
    /// The name of the rule that chose the upstreams.
    pub(super) rule: Option<&'a str>,
}

impl<J: Journal> Call<'_, J> {
    /// Does somebody wait for the answer?
    pub(super) fn is_awaited(&self) -> bool {
        self.journal.drain().is_none()
    }

    fn shutdown(&self) -> &Shutdown {
        self.journal.drain().unwrap_or(self.shutdown)
    }

    fn has_alternative(&self, to: &Upstream) -> bool {
        self.neighbours.is_some_and(|neighbours| neighbours.are_ready(self.message, to))
    }

    fn left(&self) -> Duration {
        let end = self.shutdown().last_call().map_or(self.deadline, |end| end.min(self.deadline));
        end.saturating_duration_since(Instant::now())
    }
}

/// An attempt, or why the mail was not handed over.
pub(super) type Tried = Result<Attempt, SkipReason>;

/// Tries once, until the deadline.
pub(super) async fn attempt(upstream: &Upstream, call: &Call<'_, impl Journal>) -> Result<Tried, NotMarked> {
    hand_over(upstream, call, false).await
}

/// Asks once more, where the first attempt gave no clear answer and the provider takes a mail once. The deadline is that
/// of the first attempt.
pub(super) async fn repeat(upstream: &Upstream, call: &Call<'_, impl Journal>) -> Result<Tried, NotMarked> {
    hand_over(upstream, call, true).await
}

async fn hand_over(upstream: &Upstream, call: &Call<'_, impl Journal>, is_repeat: bool) -> Result<Tried, NotMarked> {
    let &Call { message, journal, late, .. } = call;
    let Some(time) = upstream.time_for(message, call.left(), call.is_awaited()) else {
        return Ok(Err(SkipReason::Deadline));
    };
    let Some(_concurrency) = upstream.concurrency_permit() else { return Ok(Err(SkipReason::Busy)) };
    let Some(_place) = journal.place(Target(upstream)) else { return Ok(Err(SkipReason::Busy)) };
    let Some(permit) = upstream.try_admit() else { return Ok(Err(SkipReason::LeftOut(LeftOut::Circuit))) };
    // The permit is dropped with that: the circuit counts no call.
    if !upstream.take_token() {
        return Ok(Err(SkipReason::LeftOut(LeftOut::RateSpent)));
    }
    // Behind the token, though a mark that is refused then has cost one: that is rare, and a token is little. A mark before it
    // would be a mail on record as handed over that never was, and `unknown` if this process ended then.
    journal.mark(Target(upstream)).await?;
    let start = Instant::now();
    let offer = Offer { message, time, is_repeat, late };
    let verdict = upstream.send(offer, call.shutdown().until_last_call()).await;
    let took = start.elapsed();
    let has_alternative = verdict.blame() == Blame::Failure && call.has_alternative(upstream);
    upstream.settle(permit, message, Ended { verdict: &verdict, took, is_repeat, has_alternative });
    journal.end(Target(upstream), &verdict);
    log(call, upstream.name(), &verdict, took);
    let lookup = (verdict.outcome == Outcome::Unknown).then(|| Box::new(upstream.lookup(message)));
    let ended_at = (start + took).into_std();
    Ok(Ok(Attempt { upstream: Arc::clone(upstream.name()), verdict, took: Some(took), ended_at, lookup }))
}

/// The attempt that a receipt shows where the mail was not handed over, if it shows one.
pub(super) fn skipped(upstream: &Upstream, reason: SkipReason) -> Option<Attempt> {
    let (verdict, ended_at) = (reason.verdict()?, Instant::now().into_std());
    Some(Attempt { upstream: Arc::clone(upstream.name()), verdict, took: None, ended_at, lookup: None })
}

fn log<J: Journal>(call: &Call<'_, J>, upstream: &str, verdict: &Verdict, took: Duration) {
    let &Call { message, rule, .. } = call;
    let (id, outcome, reason) = (message.id(), verdict.outcome.as_str(), verdict.reason);
    let duration_ms = millis(took);
    let provider_code = verdict.code.map(display);
    match verdict.outcome {
        Outcome::Accepted => info!(upstream, outcome, %reason, duration_ms, rule, %id, "attempt"),
        Outcome::MessageRejected => info!(upstream, outcome, %reason, provider_code, duration_ms, rule, %id, "attempt"),
        Outcome::AccountRefused => error!(upstream, outcome, %reason, provider_code, duration_ms, rule, %id, "attempt"),
        _ => warn!(upstream, outcome, %reason, provider_code, duration_ms, rule, %id, "attempt"),
    }
}

//! One try at one upstream: place, permit, token, send, verdict, settle. Place and permit live as long as the send, no
//! longer. The token of a rate comes last: what is refused before takes none.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::field::display;
use tracing::{error, info, warn};

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
pub(super) struct Call<'a> {
    pub(super) message: &'a Message,
    /// The upstreams that it may go to instead. `None`: it is asked about where it may be, and that opens no circuit early.
    pub(super) neighbours: Option<Neighbours<'a>>,
    /// For all attempts together.
    pub(super) deadline: Instant,
    /// The node may end before.
    pub(super) shutdown: &'a Shutdown,
    /// Is called for attempts that end after the answer.
    pub(super) late: Option<&'a LateVerdict>,
    /// The name of the rule that chose the upstreams.
    pub(super) rule: Option<&'a str>,
}

impl Call<'_> {
    fn has_alternative(&self, to: &Upstream) -> bool {
        self.neighbours.is_some_and(|neighbours| neighbours.are_ready(self.message, to))
    }

    fn left(&self) -> Duration {
        let end = self.shutdown.last_call().map_or(self.deadline, |end| end.min(self.deadline));
        end.saturating_duration_since(Instant::now())
    }
}

/// Tries once, until the deadline; or why the mail was not handed over.
pub(super) async fn attempt(upstream: &Upstream, call: &Call<'_>) -> Result<Attempt, SkipReason> {
    hand_over(upstream, call, false).await
}

/// Asks once more, where the first attempt gave no clear answer and the provider takes a mail once. The deadline is that
/// of the first attempt.
pub(super) async fn repeat(upstream: &Upstream, call: &Call<'_>) -> Result<Attempt, SkipReason> {
    hand_over(upstream, call, true).await
}

async fn hand_over(upstream: &Upstream, call: &Call<'_>, is_repeat: bool) -> Result<Attempt, SkipReason> {
    let &Call { message, late, shutdown, .. } = call;
    let time = upstream.time_for(message, call.left()).ok_or(SkipReason::Deadline)?;
    let _in_flight = upstream.concurrency_permit().ok_or(SkipReason::Busy)?;
    let Some(permit) = upstream.try_admit() else {
        upstream.count_rejection();
        return Err(SkipReason::LeftOut(LeftOut::Circuit));
    };
    // The permit is dropped with that: the circuit counts no call.
    if !upstream.take_token() {
        return Err(SkipReason::LeftOut(LeftOut::RateSpent));
    }
    let start = Instant::now();
    let offer = Offer { message, time, is_repeat, late };
    let verdict = upstream.send(offer, shutdown.until_last_call()).await;
    let took = start.elapsed();
    let has_alternative = verdict.blame() == Blame::Failure && call.has_alternative(upstream);
    upstream.settle(permit, message, Ended { verdict: &verdict, took, is_repeat, has_alternative });
    log(call, upstream.name(), &verdict, took);
    let lookup = (verdict.outcome == Outcome::Unknown).then(|| Box::new(upstream.lookup(message)));
    let ended_at = (start + took).into_std();
    Ok(Attempt { upstream: Arc::clone(upstream.name()), verdict, took: Some(took), ended_at, lookup })
}

/// The attempt that a receipt shows where the mail was not handed over, if it shows one.
pub(super) fn skipped(upstream: &Upstream, reason: SkipReason) -> Option<Attempt> {
    let (verdict, ended_at) = (reason.verdict()?, Instant::now().into_std());
    Some(Attempt { upstream: Arc::clone(upstream.name()), verdict, took: None, ended_at, lookup: None })
}

fn log(call: &Call<'_>, upstream: &str, verdict: &Verdict, took: Duration) {
    let &Call { message, rule, .. } = call;
    let (id, outcome, reason) = (message.id(), verdict.outcome.as_str(), verdict.reason);
    let duration_ms = millis(took);
    let provider_code = verdict.code.map(display);
    match verdict.outcome {
        Outcome::Accepted => info!(%id, upstream, rule, outcome, %reason, duration_ms, "attempt"),
        Outcome::MessageRejected => info!(%id, upstream, rule, outcome, %reason, provider_code, duration_ms, "attempt"),
        Outcome::AccountRefused => error!(%id, upstream, rule, outcome, %reason, provider_code, duration_ms, "attempt"),
        _ => warn!(%id, upstream, rule, outcome, %reason, provider_code, duration_ms, "attempt"),
    }
}

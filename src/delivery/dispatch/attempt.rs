//! One try at one upstream: permit, send, verdict, settle. The permit lives as long as the send, no longer.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::field::display;
use tracing::{error, info, warn};

use crate::delivery::provider::Mode;
use crate::delivery::upstream::{LateVerdict, Upstream};
use crate::model::message::Message;
use crate::model::outcome::{Outcome, Reason, Verdict};
use crate::model::receipt::Attempt;
use crate::runtime::shutdown::Shutdown;

/// One mail on its way from upstream to upstream.
pub(super) struct Call<'a> {
    pub(super) message: &'a Message,
    /// For all attempts together.
    pub(super) deadline: Instant,
    /// The node may end before.
    pub(super) shutdown: &'a Shutdown,
    /// Hears of attempts whose end comes after the answer.
    pub(super) late: Option<&'a LateVerdict>,
}

impl Call<'_> {
    fn left(&self) -> Duration {
        let end = self.shutdown.last_call().map_or(self.deadline, |end| end.min(self.deadline));
        end.saturating_duration_since(Instant::now())
    }
}

/// Tries once, until the deadline. `None`: the circuit let nothing pass.
pub(super) async fn attempt(upstream: &Upstream, call: &Call<'_>) -> Option<Attempt> {
    match skip(upstream, call.message) {
        Some(skipped) => Some(skipped),
        None => hand_over(upstream, call, Mode::First).await,
    }
}

/// Asks once more, where the first attempt gave no clear answer and the provider takes a mail once. The deadline is that
/// of the first attempt.
pub(super) async fn repeat(upstream: &Upstream, call: &Call<'_>) -> Option<Attempt> {
    hand_over(upstream, call, Mode::Repeat).await
}

async fn hand_over(upstream: &Upstream, call: &Call<'_>, mode: Mode) -> Option<Attempt> {
    let message = call.message;
    let Some(time) = upstream.time_for(message, call.left()) else {
        let verdict = Verdict::new(Outcome::Cancelled, Reason::Deadline);
        upstream.metrics.skipped(&upstream.name, verdict.outcome.as_str());
        return Some(without_hand_over(upstream, verdict));
    };
    let Some(_place) = upstream.place() else {
        upstream.metrics.skipped(&upstream.name, Outcome::Throttled.as_str());
        return Some(without_hand_over(upstream, Verdict::new(Outcome::Throttled, Reason::Busy)));
    };
    let Some(permit) = upstream.circuit.admit(0) else {
        upstream.metrics.circuit_rejected(&upstream.name);
        return None;
    };
    let start = Instant::now();
    let verdict = upstream.send(message, time, mode, call.shutdown.until_last_call(), call.late).await;
    let took = start.elapsed();
    upstream.settle(permit, message, &verdict, took);
    upstream.metrics.attempt(&upstream.name, verdict.outcome.as_str(), took);
    log(message, &upstream.name, &verdict, took);
    let lookup =
        (verdict.outcome == Outcome::Unknown).then(|| Box::new(upstream.settings.capabilities.lookup.of(message)));
    let ended_at = (start + took).into_std();
    Some(Attempt { upstream: Arc::clone(&upstream.name), verdict, took: Some(took), ended_at, lookup })
}

fn without_hand_over(upstream: &Upstream, verdict: Verdict) -> Attempt {
    let (name, ended_at) = (Arc::clone(&upstream.name), Instant::now().into_std());
    Attempt { upstream: name, verdict, took: None, ended_at, lookup: None }
}

/// What an attempt would come to, where that is known beforehand.
pub(super) fn skip(upstream: &Upstream, message: &Message) -> Option<Attempt> {
    let verdict = upstream.skip_reason(message)?;
    upstream.metrics.skipped(&upstream.name, verdict.outcome.as_str());
    Some(without_hand_over(upstream, verdict))
}

fn log(message: &Message, upstream: &str, verdict: &Verdict, took: Duration) {
    let (id, outcome, reason) = (message.id(), verdict.outcome.as_str(), verdict.reason);
    // As a number: JSON logs write 128 bits as text.
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let provider_code = verdict.code.map(display);
    match verdict.outcome {
        Outcome::Accepted => info!(%id, upstream, outcome, %reason, duration_ms, "attempt"),
        Outcome::MessageRejected => info!(%id, upstream, outcome, %reason, provider_code, duration_ms, "attempt"),
        Outcome::AccountRefused => error!(%id, upstream, outcome, %reason, provider_code, duration_ms, "attempt"),
        _ => warn!(%id, upstream, outcome, %reason, provider_code, duration_ms, "attempt"),
    }
}

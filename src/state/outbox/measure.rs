//! How many rows there are, for the metrics, and how fast they get fewer: asked for now and then by one task, never when
//! metrics are asked for.
//!
//! The longer the answer takes, the longer is the pause behind it: a store never spends more than a twentieth of its time
//! on it. While the store is down the metrics stay as they were.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tracing::info;

use super::drain::Drain;
use super::{Count, Failed, Outbox, PausedStart, State};
use crate::runtime::metrics::OutboxMetrics;
use crate::runtime::unix_time::UnixTime;

/// Between two counts, at least.
const PAUSE: Duration = Duration::from_secs(10);
/// Pauses are so many times as long as a count.
const TIMES: u32 = 19;
/// For the store to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Counts again and again; never returns. A node that has started paused says so before its store answers.
pub async fn measure(outbox: Arc<dyn Outbox>, metrics: Arc<OutboxMetrics>, paused_start: PausedStart, drain: Drain) {
    if paused_start.is_on() {
        metrics.paused(true);
    }
    loop {
        let start = Instant::now();
        if let Ok(Ok((counts, paused))) = timeout(TIMEOUT, count(&*outbox)).await {
            let (now, paused) = (outbox.now(), paused || paused_start.is_on());
            show(&metrics, &counts, now);
            metrics.paused(paused);
            if paused { drain.forget() } else { tell(&drain, &counts, now) }
        } else {
            drain.forget();
        }
        sleep(PAUSE.max(start.elapsed() * TIMES)).await;
    }
}

async fn count(outbox: &dyn Outbox) -> Result<(Vec<Count>, bool), Failed> {
    Ok((outbox.counts().await?, outbox.is_paused().await?))
}

/// Logs how fast a backlog gets less, if it does.
fn tell(drain: &Drain, counts: &[Count], now: UnixTime) {
    if let Some(estimate) = drain.counted(counts, Instant::now(), now, PAUSE) {
        info!(
            waiting = estimate.waiting,
            rate = estimate.shown_rate(),
            left_seconds = estimate.left.as_secs(),
            "outbox drains"
        );
    }
}

fn show(metrics: &OutboxMetrics, counts: &[Count], now: UnixTime) {
    for state in State::ALL {
        let of_state = || counts.iter().filter(|count| count.state == state);
        let oldest = of_state().filter_map(|count| count.oldest).min();
        let age = oldest.map_or(Duration::ZERO, |oldest| now.since(oldest));
        metrics.rows(state.as_str(), of_state().map(|count| count.rows).sum(), age.as_secs_f64());
    }
    metrics.bytes(counts.iter().map(|count| count.bytes).sum());
}

#[cfg(test)]
mod tests;

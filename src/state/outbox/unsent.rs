//! Mail that waits in the store and that this node does not send, because its outbox is off or it delivers to no servers of
//! recipients: told once after the start, as soon as the store can be read.
//!
//! Deliberately absent: mail that comes later. Another node has accepted it, and sends it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tracing::warn;

use super::{Count, Outbox, State};

/// Before a store is asked again that has not answered.
const PAUSE: Duration = Duration::from_secs(10);
/// For the store to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Says that mail waits where the outbox is off. It is neither sent nor lost.
pub async fn warn_of_waiting(rows: Arc<dyn Outbox>) {
    let mails = mails(&*rows, |count| matches!(count.state, State::Queued | State::Claimed | State::Sending)).await;
    if mails > 0 {
        warn!(mails, "mail waits in the outbox, which is off at this node: SMSP_OUTBOX=on sends it");
    }
}

/// Says that mail waits for its recipients' own servers where the node delivers to none. No provider can have it any more.
pub async fn warn_of_parts(rows: Arc<dyn Outbox>) {
    let mails = mails(&*rows, waits_in_parts).await;
    if mails > 0 {
        warn!(
            mails,
            "mail waits for its recipients' own servers, and this node delivers to none: with mx in SMSP_PROVIDERS, or at the \
             end of a rule, it does"
        );
    }
}

fn waits_in_parts(count: &Count) -> bool {
    count.is_in_parts() && (count.state.waits() || count.state == State::Sending)
}

/// How many of these there are; asks until the store says it.
async fn mails(rows: &dyn Outbox, waits: fn(&Count) -> bool) -> u64 {
    loop {
        if let Ok(Ok(counts)) = timeout(TIMEOUT, rows.counts()).await {
            return counts.iter().filter(|count| waits(count)).map(|count| count.rows).sum();
        }
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests;

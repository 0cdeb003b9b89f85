//! A panic of ours while a row is in hand: the row must not stay with a node that lives and no longer works on it.
//!
//! What was marked becomes `unknown`. What was not is lost, as if the node had died with it: it waits, and is parked at the
//! third loss.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tracing::error;

use super::super::ending::Ended;
use super::super::row::Hold;
use super::context::Context;
use super::recording::{persistently, record};
use super::schedule;
use super::traced;

/// Does this work on a row, and ends its claim if the work panics.
pub(super) async fn or_released(context: Arc<Context>, hold: Hold, work: impl Future<Output = ()>) {
    if AssertUnwindSafe(work).catch_unwind().await.is_ok() {
        return;
    }
    release(&context, &hold).await;
}

/// Ends the claim of a row whose work has panicked.
pub(super) async fn release(context: &Context, hold: &Hold) {
    error!(row = hold.row.0, "a panic while a mail of the outbox was in hand");
    let wait = schedule::refused_accounts(fastrand::f64());
    let unknown = Ended::Unknown { verdicts: Vec::new(), replay_after: wait };
    // Only a marked row takes this; until there is an answer nothing else may be said of it.
    match persistently(|| context.parts.store.end(hold, &unknown)).await {
        Some(state) => traced::ended(state, &unknown),
        None => {
            let wait = context.parts.policy.schedule.after(1, fastrand::f64());
            record(context, hold, &Ended::Lost { wait }).await;
        }
    }
}

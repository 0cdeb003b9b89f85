//! What a claim came to, written to the store. While the store is down it is asked again and again: nobody but this task
//! knows what became of the mail. A node that ends before that leaves the row to the others, who find it marked or not.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::super::Answered;
use super::super::ending::Ended;
use super::super::row::Hold;
use super::context::{Context, STORE_TIMEOUT};
use super::endings::of_claim;
use super::traced;

/// Until the store is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// Ends a claim.
pub(super) async fn record(context: &Context, hold: &Hold, ended: &Ended) {
    let state = persistently(|| context.parts.store.end(hold, ended)).await;
    if let Some(state) = state {
        traced::ended(state, ended);
        of_claim(state, ended);
    } else {
        info!(row = hold.row.0, "a mail of the outbox belongs to another claim by now");
    }
}

/// Gives a row back that was not marked.
pub(super) async fn give_back(context: &Context, hold: &Hold) {
    persistently(|| context.parts.store.give_back(std::slice::from_ref(hold))).await;
}

/// Asks until there is an answer. A call that was carried out unheard may be made again: it finds that it was.
pub(super) async fn persistently<'a, T>(call: impl Fn() -> Answered<'a, T>) -> T {
    let mut is_told = false;
    loop {
        if let Ok(Ok(answer)) = timeout(STORE_TIMEOUT, call()).await {
            return answer;
        }
        if !std::mem::replace(&mut is_told, true) {
            warn!("the store does not take what became of a mail of the outbox: trying again");
        }
        sleep(PAUSE).await;
    }
}

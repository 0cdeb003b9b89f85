//! One part from its claim to its end.
//!
//! The claim is ended by this task and no other, also where it panics: what was not marked then is lost, and of what may have
//! been marked nobody knows who has it.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt;
use tokio::time::Instant;
use tracing::error;

use super::super::super::{ClaimedPart, PartEnded};
use super::super::context::Context;
use super::super::pending::Pending;
use super::super::unopened::Unopened;
use super::DirectDelivery;
use super::hand_over::{HandOver, facts};
use super::recording::{give_back, record};

/// Takes a claimed part to its end.
pub(super) async fn deliver(context: &Context, delivery: &DirectDelivery, claimed: ClaimedPart, pending: Pending) {
    let (hold, attempts, start) = (claimed.hold, claimed.attempts, Instant::now());
    let may_be_marked = AtomicBool::new(false);
    let work = work(context, delivery, claimed, pending, &may_be_marked);
    if AssertUnwindSafe(work).catch_unwind().await.is_err() {
        error!(part = hold.part.0, "a panic while a mail of the outbox was in hand");
        let ended = match may_be_marked.load(Ordering::Relaxed) {
            true => facts(context, &[], attempts).of_panic(start.elapsed()),
            false => lost(context),
        };
        record(delivery, &hold, &ended).await;
    }
}

async fn work(
    context: &Context,
    delivery: &DirectDelivery,
    claimed: ClaimedPart,
    pending: Pending,
    may_be_marked: &AtomicBool,
) {
    let bytes = size(&claimed);
    let (_all, of_domain) = (context.parts_in_hand.hold(bytes), context.of_domains.hold(claimed.domain, bytes));
    drop(pending);
    match HandOver::open(context, delivery, claimed) {
        Ok(part) => part.deliver(may_be_marked, of_domain.is_some()).await,
        Err(sealed) => leave_sealed(context, delivery, &sealed).await,
    }
}

async fn leave_sealed(context: &Context, delivery: &DirectDelivery, sealed: &ClaimedPart) {
    let ClaimedPart { id, hold, content, .. } = sealed;
    match context.unopened(*id, content.as_ref()) {
        Unopened::Waits(wait) => give_back(delivery, hold, wait).await,
        Unopened::Lost(wait) => {
            record(delivery, hold, &PartEnded::Lost { wait }).await;
        }
    }
}

fn lost(context: &Context) -> PartEnded {
    PartEnded::Lost { wait: context.parts.policy.schedule.after(1, fastrand::f64()) }
}

/// Bytes of its content.
fn size(claimed: &ClaimedPart) -> usize {
    claimed.content.iter().flat_map(|content| &content.parts).map(Vec::len).sum()
}

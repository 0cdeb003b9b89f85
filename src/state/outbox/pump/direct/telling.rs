//! Tells the envelope sender of a mail whom it does not reach, where its caller has a bounce address.
//!
//! The store knows what is due, and takes each bounce once ([`crate::state::outbox::bounces`]). The node that ends a mail tells
//! at once, with the mail's head; what is due beside that, because a mail waits for its last recipients, its time was over, or
//! a node has died, is looked for in every round of the upkeep.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tracing::{error, info, warn};

use super::super::super::{Answered, Bounced, DueBounce, PartId};
use super::super::context::{Context, STORE_TIMEOUT};
use super::DirectDelivery;
use super::bounces::Sealed;
use crate::model::message::Message;

/// Bounces of one look, each with a message of a mebibyte at most.
const AT_ONCE: usize = 8;
/// Until there may be room again.
const NO_ROOM: Duration = Duration::from_secs(60);
/// Until a node with the key of the store looks.
const ELSEWHERE: Duration = Duration::from_secs(60);
/// Until a caller may have an address again.
const NOBODY: Duration = Duration::from_secs(3600);

/// Tells all senders that are to be told now, for so long at most. Nothing is asked where no mail goes to its recipients' own
/// servers.
pub(in crate::state::outbox::pump) async fn tell_senders(context: &Context, time: Duration) {
    let (Some(delivery), start) = (&context.parts.direct, Instant::now()) else { return };
    while context.may_tell() && start.elapsed() < time {
        let Some(due) = answer(delivery.parts.due_bounces(AT_ONCE)).await else { return };
        let are_all = due.len() < AT_ONCE;
        for one in due {
            if start.elapsed() >= time || tell(context, delivery, one, None).await.is_none() {
                return;
            }
        }
        if are_all {
            return;
        }
    }
}

/// Tells what is due of this mail, which the end of this part has ended. Where the store does not answer, the next look will.
pub(super) async fn tell_of_ended(context: &Context, delivery: &DirectDelivery, part: PartId, message: &Message) {
    if let Some(Some(due)) = answer(delivery.parts.bounce_of(part)).await {
        tell(context, delivery, due, Some(message)).await;
    }
}

/// None: no other can be told now, because the store has not answered or has no room.
async fn tell(context: &Context, delivery: &DirectDelivery, due: DueBounce, message: Option<&Message>) -> Option<()> {
    let (id, row) = (due.id, due.row);
    let Some(sealed) = made(context, delivery, &due, message) else {
        context.parts.metrics.bounced("nobody");
        warn!(%id, "a bounce waits: its mail's caller has no bounce address, or the mail cannot be opened");
        let key = due.recipients.as_ref().map(|recipients| &recipients.key_id);
        let is_sealed_elsewhere = key.is_some_and(|key| !context.parts.contents.has_key(key));
        let wait = if is_sealed_elsewhere { ELSEWHERE } else { NOBODY };
        return answer(delivery.parts.put_off_bounce(row, wait)).await;
    };
    let Sealed { id: bounce, batch, recipients } = sealed;
    match answer(delivery.parts.queue_bounce(&due.told(), batch)).await? {
        Bounced::Queued => {
            info!(%id, %bounce, recipients, "a bounce is queued: a mail does not reach some recipients");
            context.wake.notify_one();
            Some(())
        }
        Bounced::NoRoom => {
            warn!(%id, recipients, "a bounce waits: the outbox has no room for it");
            answer(delivery.parts.put_off_bounce(row, NO_ROOM)).await;
            None
        }
        // Another node has told it, or it is not to be told any more.
        Bounced::NotDue => Some(()),
    }
}

/// None: nobody can be told. What ends the mail, or looks after the outbox, goes on where our code panics: the mail has its end.
fn made(context: &Context, delivery: &DirectDelivery, due: &DueBounce, message: Option<&Message>) -> Option<Sealed> {
    let make = || delivery.bounces.make(&*context.parts.contents, due, message);
    catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|_| {
        error!(id = %due.id, "a panic while a bounce was made");
        None
    })
}

/// None: there is none in time.
async fn answer<T>(call: Answered<'_, T>) -> Option<T> {
    timeout(STORE_TIMEOUT, call).await.ok()?.ok()
}

//! Claims parts: as many as there is room for, of the domains whose turn it is.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::super::super::{ClaimedPart, Failed, WantedParts};
use super::super::context::{Context, MAX_PARTS, MAX_ROWS};
use super::super::pending::Claim;
use super::super::traced::{self, Taken};
use super::DirectDelivery;
use super::part::deliver;

/// Parts of one domain in hand, at most.
const MOST_OF_DOMAIN: usize = MAX_PARTS / 4;

/// Whether a part that was lost before has its turn, if there is one: it is claimed alone, and then others are.
pub(in super::super) struct Turns {
    of_lost: bool,
}

impl Default for Turns {
    fn default() -> Self {
        Self { of_lost: true }
    }
}

impl Turns {
    /// Claims parts until there are no more that are due, or is no more room, and begins with each. No more than may be in hand:
    /// those that end quickly make room at once, and rows wait too.
    pub(in super::super) async fn claim(
        &mut self,
        context: &Arc<Context>,
        delivery: &Arc<DirectDelivery>,
    ) -> Result<(), Failed> {
        let (mut may_be_lost, mut left) = (true, MAX_PARTS);
        while context.may_work() && left > 0 {
            let places = places(context);
            let bytes = context.parts_in_hand.left();
            if places.is_empty() || bytes == 0 {
                break;
            }
            let lost = may_be_lost && self.of_lost;
            let of_domain = delivery.direct.sites().concurrency().min(MOST_OF_DOMAIN);
            let wanted = WantedParts { parts: places.len(), of_domain, bytes, lost, draw: fastrand::u8(..) };
            let asked = Instant::now();
            let claimed = delivery.parts.claim_parts(context.parts.node, &wanted).await?;
            let taken = Taken::by("claim_parts", asked);
            left = left.saturating_sub(claimed.len());
            self.of_lost = !claimed.iter().any(|part| part.was_lost);
            may_be_lost &= !(lost && self.of_lost);
            let are_all = self.of_lost && claimed.len() < wanted.parts;
            begin(context, delivery, claimed, places, taken).await;
            if are_all && !may_be_lost {
                break;
            }
        }
        Ok(())
    }
}

/// Places for parts of one claim.
fn places(context: &Context) -> Vec<OwnedSemaphorePermit> {
    let place = || Arc::clone(&context.places).try_acquire_owned().ok();
    std::iter::from_fn(place).take(MAX_ROWS).collect()
}

async fn begin(
    context: &Arc<Context>,
    delivery: &Arc<DirectDelivery>,
    claimed: Vec<ClaimedPart>,
    places: Vec<OwnedSemaphorePermit>,
    taken: Taken,
) {
    let claim = Claim::new();
    for (part, place) in claimed.into_iter().zip(places) {
        let told = traced::begin(context, taken, part.id, &part.caller);
        let (context, delivery, pending) = (Arc::clone(context), Arc::clone(delivery), claim.row());
        let drain = context.parts.drain.clone();
        drain.spawn(traced::within(told, async move {
            deliver(&context, &delivery, part, pending).await;
            drop(place);
            context.wake.notify_one();
        }));
    }
    claim.all_placed().await;
}

//! What a claim of a part came to, written to the store and to the log.

use tracing::{info, warn};

use super::super::super::parts::UPSTREAM;
use super::super::super::{PartEnded, PartHold, PartVerdict};
use super::super::endings;
use super::super::recording::persistently;
use super::super::traced;
use super::DirectDelivery;
use crate::model::outcome::Outcome;
use crate::runtime::millis::millis;

/// Ends a claim.
pub(super) async fn record(delivery: &DirectDelivery, hold: &PartHold, ended: &PartEnded) {
    match persistently(|| delivery.parts.end_part(hold, ended)).await {
        Some(state) => {
            traced::part_ended(state, ended);
            endings::of_part(state, ended);
        }
        None => info!(part = hold.part.0, "a mail of the outbox belongs to another claim by now"),
    }
}

/// Tells of a hand-over, as of one to an upstream: of several recipients, of the one that it went worst for.
pub(super) fn log(delivery: &DirectDelivery, ended: &PartEnded) {
    let PartEnded::Told { verdicts, took: Some(took), .. } = ended else { return };
    let Some(PartVerdict { outcome, reason, code, .. }) = verdicts.iter().min_by_key(|verdict| verdict.to) else {
        return;
    };
    let (upstream, recipients, duration_ms) = (UPSTREAM, verdicts.len(), millis(*took));
    let (provider_code, word) = (code.as_deref(), outcome.as_str());
    match outcome {
        Outcome::Accepted | Outcome::MessageRejected => {
            info!(upstream, outcome = word, reason, provider_code, duration_ms, recipients, "attempt");
        }
        _ => warn!(upstream, outcome = word, reason, provider_code, duration_ms, recipients, "attempt"),
    }
    if *outcome == Outcome::Unknown {
        delivery.mails.unknown();
        warn!(
            upstream,
            "it is unknown whether a recipient's server has this mail: ask for the log there, or ask the recipient"
        );
    }
}

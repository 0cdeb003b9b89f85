//! What a claim of a part came to, written to the store and to the log.

use std::time::Duration;

use tracing::{info, warn};

use super::super::super::parts::{UPSTREAM, worst};
use super::super::super::{PartEnded, PartHold, PartVerdict, State};
use super::super::endings;
use super::super::recording::persistently;
use super::super::traced;
use super::DirectDelivery;
use crate::model::outcome::Outcome;
use crate::runtime::metrics::Mails;
use crate::runtime::millis::millis;

/// Ends a claim, unless it belongs to another by now. The state of its mail.
pub(super) async fn record(delivery: &DirectDelivery, hold: &PartHold, ended: &PartEnded) -> Option<State> {
    log(&delivery.mails, ended);
    let state = persistently(|| delivery.parts.end_part(hold, ended)).await;
    match state {
        Some(state) => {
            traced::part_ended(state, ended);
            endings::of_part(state, ended);
        }
        None => info!(part = hold.part.0, "a mail of the outbox belongs to another claim by now"),
    }
    state
}

/// Gives a part back that was not marked; it waits so long.
pub(super) async fn give_back(delivery: &DirectDelivery, hold: &PartHold, wait: Duration) {
    persistently(|| delivery.parts.give_back_parts(std::slice::from_ref(hold), wait)).await;
}

/// Tells of it, as of a hand-over to an upstream: of several recipients, of the one that it went worst for. That none was tried
/// is told elsewhere.
fn log(mails: &Mails, ended: &PartEnded) {
    let PartEnded::Told { verdicts, took, .. } = ended else { return };
    let worst = worst(verdicts);
    if let Some(worst) = worst.filter(|worst| worst.outcome != Outcome::Cancelled) {
        attempt(worst, verdicts.len(), *took);
    }
    if worst.is_none_or(|worst| worst.outcome == Outcome::Unknown) {
        mails.unknown();
        warn!(
            upstream = UPSTREAM,
            "it is unknown whether a recipient's server has this mail: ask for the log there, or ask the recipient"
        );
    }
}

/// `took`: none where there was no server to hand it to.
fn attempt(worst: &PartVerdict, recipients: usize, took: Option<Duration>) {
    let PartVerdict { outcome, reason, code, .. } = worst;
    let (upstream, duration_ms) = (UPSTREAM, took.map(millis));
    let (provider_code, word) = (code.as_deref(), outcome.as_str());
    match outcome {
        Outcome::Accepted | Outcome::MessageRejected => {
            info!(upstream, outcome = word, reason, provider_code, duration_ms, recipients, "attempt");
        }
        _ => warn!(upstream, outcome = word, reason, provider_code, duration_ms, recipients, "attempt"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::super::PartTo;
    use super::*;
    use crate::runtime::metrics::Metrics;
    use crate::runtime::telemetry::captured::Lines;

    /// What is told of these recipients, and how often it is counted that nobody knows.
    fn told(recipients: &[(PartTo, Outcome)], took: Option<Duration>) -> (String, bool) {
        let (lines, _guard) = Lines::capture();
        let of = |(place, (to, outcome)): (u32, &(PartTo, Outcome))| PartVerdict {
            place,
            to: *to,
            outcome: *outcome,
            reason: "smtp_0".to_owned(),
            code: None,
            host: None,
        };
        let verdicts = (0..).zip(recipients).map(of).collect();
        let metrics = Metrics::default();
        let ended = PartEnded::Told { verdicts, wait: Duration::ZERO, counted: true, took };
        log(&metrics.mails, &ended);
        (lines.take(), metrics.render().lines().any(|line| line == "smsp_unknown_total 1"))
    }

    #[test]
    fn an_attempt_is_told_by_the_recipient_that_it_went_worst_for() {
        let taken = (PartTo::Accepted, Outcome::Accepted);
        let (lines, is_unknown) = told(&[taken, (PartTo::Refused, Outcome::MessageRejected)], Some(Duration::ZERO));
        assert!(lines.contains("outcome=\"message_rejected\"") && lines.contains("recipients=2"), "{lines}");
        assert!(lines.contains("duration_ms") && !is_unknown, "{lines}");
        let (lines, is_unknown) = told(&[taken, (PartTo::Unknown, Outcome::Unknown)], Some(Duration::ZERO));
        assert!(lines.contains("outcome=\"unknown\"") && lines.contains("ask the recipient") && is_unknown, "{lines}");
    }

    #[test]
    fn recipients_without_a_server_are_told_of_and_so_are_those_of_whom_nothing_is_known() {
        let (lines, is_unknown) = told(&[(PartTo::Refused, Outcome::MessageRejected)], None);
        assert!(lines.contains("message_rejected") && !lines.contains("duration_ms") && !is_unknown, "{lines}");
        let (lines, is_unknown) = told(&[], Some(Duration::ZERO));
        assert!(!lines.contains("attempt") && lines.contains("ask the recipient") && is_unknown, "{lines}");
        assert_eq!(told(&[(PartTo::Again, Outcome::Cancelled)], None), (String::new(), false), "none was tried");
    }
}

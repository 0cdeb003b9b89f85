//! What the log and the traces say of the work on a claimed mail: its id and its caller in each line, and a trace of its own
//! from the claim to its end. It is not that of the request that has brought the mail: the row does not keep which that was,
//! and days may lie between. The id of the mail is in both.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::field::display;
use tracing::{Instrument, Span, error_span};

use super::super::ending::Ended;
use super::super::parts::{PartEnded, PartTo, worst};
use super::super::row::State;
use super::super::traced::spans_in;
use super::context::Context;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::outcome::{Blame, Outcome};
use crate::runtime::telemetry::trace::{self, Kind, Recording, SpanData, Trace};

/// The call by which rows came to this node.
#[derive(Clone, Copy)]
pub(super) struct Taken {
    call: &'static str,
    start: Instant,
    end: Instant,
}

impl Taken {
    /// By this call, which has begun then and ends now.
    pub(super) fn by(call: &'static str, start: Instant) -> Self {
        Self { call, start, end: Instant::now() }
    }
}

/// What the log and the traces say of the work on a row.
pub(super) struct Told {
    trace: Trace,
    span: Span,
}

/// What is said of the work on a mail of this caller, or a part of it, that was taken so.
pub(super) fn begin(context: &Context, taken: Taken, id: Id, caller: &CallerName) -> Told {
    let traces = &context.parts.traces;
    let trace = traces.tracer.begin(None, taken.start);
    if let Some(recording) = trace.recording() {
        recording.set("smsp.id", id.to_string().into());
        recording.set("smsp.caller", caller.as_str().to_owned().into());
        let times = (taken.start.into_std(), taken.end.into_std());
        recording.add(spans_in(traces.system).span_data(taken.call, None), times);
    }
    let trace_id = trace.recording().and(trace.id()).map(display);
    // Of the highest level, so that its fields stand in every line that is written at all.
    let span = error_span!("delivery", %id, caller = caller.as_str(), trace_id);
    Told { trace, span }
}

/// Does the work on a row, of which its trace and its lines in the log tell.
pub(super) async fn within(Told { trace, span }: Told, work: impl Future<Output = ()>) {
    let recording = trace.recording().cloned();
    trace::scope(recording.clone(), work.instrument(span)).await;
    recording.into_iter().for_each(finish);
}

fn finish(recording: Arc<Recording>) {
    let data = SpanData { name: "deliver".into(), kind: Kind::Internal, attributes: Vec::new(), is_error: false };
    recording.finish(data, Instant::now().into_std());
}

/// The claim of now has ended so, and left the row in this state.
pub(super) fn ended(state: State, ended: &Ended) {
    trace::set("smsp.outbox_status", || state.as_str());
    error_type(ended).into_iter().for_each(trace::fail);
}

/// How it has failed: as the last attempt has, where that is an error. To be refused a mail, or to have nobody to hand it to
/// now, is no failure of its delivery.
fn error_type(ended: &Ended) -> Option<&'static str> {
    match ended {
        Ended::Accepted { .. } => None,
        Ended::Unknown { .. } => Some("unknown"),
        Ended::Lost { .. } => Some("lost"),
        Ended::Again { verdicts, .. } | Ended::Refused { verdicts } => {
            let outcome = verdicts.last().map(|verdict| verdict.outcome);
            outcome.filter(|outcome| is_error(*outcome)).map(Outcome::as_str)
        }
    }
}

/// The claim of a part has ended so, and left its mail in this state.
pub(super) fn part_ended(state: State, ended: &PartEnded) {
    trace::set("smsp.outbox_status", || state.as_str());
    error_type_of_part(ended).into_iter().for_each(trace::fail);
}

/// As of a mail: by the recipient for which it went worst.
fn error_type_of_part(ended: &PartEnded) -> Option<&'static str> {
    match ended {
        PartEnded::Lost { .. } => Some("lost"),
        PartEnded::Told { verdicts, .. } => match worst(verdicts) {
            None => Some("unknown"),
            Some(worst) if worst.to == PartTo::Unknown => Some("unknown"),
            Some(worst) => is_error(worst.outcome).then(|| worst.outcome.as_str()),
        },
    }
}

fn is_error(outcome: Outcome) -> bool {
    !matches!(outcome.blame(), Blame::Success | Blame::Neutral)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::super::ending::Verdict;
    use super::*;

    fn verdicts(outcomes: &[Outcome]) -> Vec<Verdict> {
        let verdict = |outcome: &Outcome| Verdict {
            upstream: "mg".to_owned(),
            outcome: *outcome,
            reason: "mock".to_owned(),
            code: None,
            provider_message_id: None,
            took: None,
            late: false,
            recipients: Vec::new(),
        };
        outcomes.iter().map(verdict).collect()
    }

    #[test]
    fn a_delivery_has_failed_where_a_provider_or_we_have_and_not_where_the_mail_is_at_fault_or_waits() {
        use Outcome::{Accepted, AccountRefused, MessageRejected, SenderRejected, Throttled, Unavailable, Unknown};
        let again = |outcomes: &[Outcome]| Ended::Again {
            verdicts: verdicts(outcomes),
            wait: Duration::ZERO,
            counted: true,
            possible_duplicate: false,
        };
        let refused = |outcomes: &[Outcome]| Ended::Refused { verdicts: verdicts(outcomes) };
        for (ended, error) in [
            (Ended::Accepted { verdicts: verdicts(&[Unavailable, Accepted]), possible_duplicate: false }, None),
            (Ended::Unknown { verdicts: verdicts(&[Unknown]), replay_after: Duration::ZERO }, Some("unknown")),
            (Ended::Lost { wait: Duration::ZERO }, Some("lost")),
            (again(&[Throttled, Unavailable]), Some("unavailable")),
            (again(&[AccountRefused]), Some("account_refused")),
            (again(&[Unavailable, SenderRejected]), None),
            (again(&[]), None),
            (refused(&[MessageRejected]), None),
            (refused(&[Unavailable]), Some("unavailable")),
        ] {
            assert_eq!(error_type(&ended), error, "{ended:?}");
        }
    }
}

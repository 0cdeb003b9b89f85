//! What the log and the traces say of the work on a claimed mail: its id and its caller in each line, and a trace of its own
//! from the claim to its end. It is not that of the request that has brought the mail: the row does not keep which that was,
//! and days may lie between. The id of the mail is in both.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::field::display;
use tracing::{Instrument, Span, error_span};

use super::super::claim::Claimed;
use super::super::traced::spans_in;
use super::context::Context;
use crate::runtime::telemetry::trace::{self, About, Kind, Recording, Trace};

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

/// What is said of the work on a row that was taken so.
pub(super) fn begin(context: &Context, taken: Taken, row: &Claimed) -> Told {
    let traces = &context.parts.traces;
    let trace = traces.tracer.begin(None, taken.start);
    if let Some(recording) = trace.recording() {
        recording.set("smsp.id", row.id.to_string().into());
        recording.set("smsp.caller", row.caller.as_str().to_owned().into());
        let times = (taken.start.into_std(), taken.end.into_std());
        recording.add(spans_in(traces.system).about(taken.call, None), times);
    }
    let trace_id = trace.recording().and(trace.id()).map(display);
    // Of the highest level, so that its fields stand in every line that is written at all.
    let span = error_span!("delivery", id = %row.id, caller = row.caller.as_str(), trace_id);
    Told { trace, span }
}

/// Does the work on a row, of which its trace and its lines in the log tell.
pub(super) async fn within(Told { trace, span }: Told, work: impl Future<Output = ()>) {
    let recording = trace.recording().cloned();
    trace::scope(recording.clone(), work.instrument(span)).await;
    recording.into_iter().for_each(finish);
}

fn finish(recording: Arc<Recording>) {
    let about = About { name: "deliver".into(), kind: Kind::Internal, attributes: Vec::new(), is_error: false };
    recording.finish(about, Instant::now().into_std());
}

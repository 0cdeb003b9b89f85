//! The calls to a store as spans of the request or the mail that they are made for: neither the store nor its callers have
//! to know of traces. A module puts it in between only where traces are recorded.
//!
//! Deliberately absent: spans of what is done for no mail, such as heartbeats and sweeps: no trace is recorded where they run.

use std::sync::Arc;

use tokio::time::Instant;

use super::failed::{Answered, Failed};
use crate::runtime::telemetry::trace::{self, Attribute, Kind, Recording, SpanData, Value};

/// What all calls of a module have in common.
#[derive(Clone, Copy, Debug)]
pub struct Spans {
    /// The store, by its name in OpenTelemetry's conventions.
    pub system: &'static str,
    /// What the module keeps there.
    pub collection: &'static str,
}

/// A call under way; its span is made when it ends, even if that is because nobody waits any longer.
struct Call {
    recording: Arc<Recording>,
    spans: Spans,
    name: &'static str,
    start: Instant,
    /// How it failed.
    error: Option<&'static str>,
}

impl Drop for Call {
    fn drop(&mut self) {
        let times = (self.start.into_std(), Instant::now().into_std());
        self.recording.add(self.spans.span_data(self.name, self.error), times);
    }
}

impl Spans {
    /// What is said of a call (OpenTelemetry's conventions for databases).
    pub fn span_data(self, call: &'static str, error: Option<&'static str>) -> SpanData {
        let Self { system, collection } = self;
        let mut attributes: Vec<Attribute> = vec![
            ("db.system.name", system.into()),
            ("db.operation.name", call.into()),
            ("db.collection.name", collection.into()),
        ];
        attributes.extend(error.map(|error| ("error.type", Value::from(error))));
        SpanData {
            name: format!("{call} {collection}").into(),
            kind: Kind::Client,
            attributes,
            is_error: error.is_some(),
        }
    }

    /// The call, with a span where a trace is recorded.
    pub fn of<'a, T: Send + 'a>(self, name: &'static str, call: Answered<'a, T>) -> Answered<'a, T> {
        let Some(recording) = trace::current() else { return call };
        Box::pin(async move {
            let start = Instant::now();
            let mut span = Call { recording, spans: self, name, start, error: Some("timeout") };
            let answer = call.await;
            span.error = answer.as_ref().err().map(|failed| match failed {
                Failed::Down => "down",
                Failed::Unclear => "unclear",
            });
            answer
        })
    }
}

//! The traces of this node: what begins them, and the task that sends them, where a collector is configured.

use std::sync::Arc;
use std::time::Duration;

use super::start_error::StartError;
use crate::runtime::metrics::Metrics;
use crate::runtime::restart::restart_on_panic;
use crate::runtime::telemetry::trace::{self, Exporter, Settings, Tracer};

/// For the last spans, once the node has drained.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// What begins and sends traces.
#[derive(Default)]
pub(super) struct Traces {
    pub(super) tracer: Tracer,
    exporter: Option<Arc<Exporter>>,
}

impl Traces {
    /// Begins to send; where there are no settings nothing runs. However often that panics, mail does not need it, so the
    /// node counts as well.
    pub(super) fn start(settings: Option<Settings>, metrics: &Arc<Metrics>) -> Result<Self, StartError> {
        let Some(settings) = settings else { return Ok(Self::default()) };
        let dropped = Arc::clone(metrics);
        let started = trace::start(settings, move |spans| dropped.traces.spans_dropped(spans));
        let (tracer, exporter) = started.map_err(StartError::Traces)?;
        let sending = Arc::clone(&exporter);
        tokio::spawn(restart_on_panic("task that sends traces", None, move || Arc::clone(&sending).run()));
        Ok(Self { tracer, exporter: Some(exporter) })
    }

    /// Sends what is left, as far as that is quick; where the end does not wait for work, it does not wait for spans.
    pub(super) async fn finish(&self, in_order: bool) {
        if let Some(exporter) = &self.exporter {
            exporter.finish(if in_order { LAST_SPANS } else { Duration::ZERO }).await;
        }
    }
}

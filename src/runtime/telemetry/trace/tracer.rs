//! Begins traces: reads which one a request belongs to, and decides whether it is recorded before anything else is done.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::time::Instant;

use super::id::TraceId;
use super::parent::Parent;
use super::queue::Queue;
use super::recording::Recording;
use super::sampler::Sampler;

/// Begins the traces of a process. Clones share where they go.
#[derive(Clone, Default)]
pub struct Tracer(Option<Destination>);

#[derive(Clone)]
struct Destination {
    sampler: Sampler,
    queue: Arc<Queue>,
}

/// The trace that some work belongs to, as far as there is one.
#[derive(Clone, Default)]
pub struct Trace {
    id: Option<TraceId>,
    recording: Option<Arc<Recording>>,
}

impl Tracer {
    /// Records what this sampler chooses.
    pub(super) fn new(sampler: Sampler, queue: Arc<Queue>) -> Self {
        Self(Some(Destination { sampler, queue }))
    }

    /// Can it be that anything is recorded?
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Begins the trace of work that began then, with the span of its caller if there is one. Where nothing is recorded at
    /// all, the trace is that of the caller, or none.
    pub fn begin(&self, parent: Option<Parent>, began: Instant) -> Trace {
        let Some(Destination { sampler, queue }) = &self.0 else { return Trace::followed(parent) };
        let id = parent.map_or_else(TraceId::fresh, |parent| parent.trace_id);
        let is_recorded = sampler.records(id, parent.map(|parent| parent.is_recorded));
        let record = || {
            let now = (Instant::now().into_std(), SystemTime::now());
            Recording::new(Arc::clone(queue), id, parent, began.into_std(), now)
        };
        Trace { id: Some(id), recording: is_recorded.then(record) }
    }
}

impl Trace {
    /// The caller's, of which nothing is recorded.
    pub fn followed(parent: Option<Parent>) -> Self {
        Self { id: parent.map(|parent| parent.trace_id), recording: None }
    }

    /// Which one it is.
    pub fn id(&self) -> Option<TraceId> {
        self.id
    }

    /// `None`: nothing is recorded of it.
    pub fn recording(&self) -> Option<&Arc<Recording>> {
        self.recording.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Dropped;
    use super::super::sampler::{Root, Strategy};
    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn parent(flags: &str) -> Option<Parent> {
        Parent::parse(format!("00-{ID}-00f067aa0ba902b7-{flags}").as_bytes())
    }

    /// The id of the trace, and whether it is recorded.
    fn begun(tracer: &Tracer, parent: Option<Parent>) -> (Option<String>, bool) {
        let trace = tracer.begin(parent, Instant::now());
        (trace.id().map(|id| id.to_string()), trace.recording().is_some())
    }

    #[test]
    fn a_trace_has_the_id_of_its_caller_and_a_new_one_only_where_traces_are_recorded() {
        let off = Tracer::default();
        assert_eq!(begun(&off, parent("01")), (Some(ID.to_owned()), false));
        assert_eq!(begun(&off, None), (None, false));
        let sampler = Sampler::new(Strategy { by_parent: true, root: Root::Ratio }, 0.0);
        let on = Tracer::new(sampler, Queue::new(Dropped::default().listener()));
        assert_eq!(begun(&on, parent("01")), (Some(ID.to_owned()), true));
        assert_eq!(begun(&on, parent("00")), (Some(ID.to_owned()), false));
        let [first, second] = [begun(&on, None), begun(&on, None)];
        assert!(first.0.as_ref().is_some_and(|id| id.len() == 32) && first.0 != second.0, "{first:?} {second:?}");
        assert!(!first.1 && !second.1);
    }
}

//! Spans for tests, and a count of those that were dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::id::{SpanId, TraceId};
use super::queue::OnDropped;
use super::span::{Kind, Span};

/// A span whose name is this number.
pub(super) fn span(number: usize) -> Span {
    Span {
        trace_id: TraceId::fresh(),
        id: SpanId::fresh(),
        parent: None,
        has_remote_parent: false,
        name: number.to_string().into(),
        kind: Kind::Internal,
        start: 1,
        end: 2,
        attributes: Vec::new(),
        is_error: false,
    }
}

/// So many.
pub(super) fn spans(count: usize) -> Vec<Span> {
    (0..count).map(span).collect()
}

/// Spans that were dropped.
#[derive(Clone, Default)]
pub(super) struct Dropped(Arc<AtomicU64>);

impl Dropped {
    pub(super) fn listener(&self) -> OnDropped {
        let count = Arc::clone(&self.0);
        Box::new(move |spans| {
            count.fetch_add(spans, Ordering::Relaxed);
        })
    }

    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

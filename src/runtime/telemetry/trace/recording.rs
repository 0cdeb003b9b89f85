//! A trace that is recorded: the root span of this process, and the spans below it, until the root is finished.
//!
//! It exists only where it was decided that the trace is recorded. Times are those of the monotonic clock, set beside the
//! wall clock once for each trace: so no span ends before it begins, and no clock that is set moves one against another.

use std::borrow::Cow;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::id::{SpanId, TraceId};
use super::parent::Parent;
use super::queue::Queue;
use super::span::{Attribute, Kind, Span, Value};

/// Spans below one root, at most.
pub(super) const CHILDREN: usize = 128;

/// A trace that is recorded.
pub struct Recording {
    queue: Arc<Queue>,
    trace_id: TraceId,
    root: SpanId,
    parent: Option<SpanId>,
    began: Instant,
    /// As the wall clock tells it.
    began_at: SystemTime,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    attributes: Vec<Attribute>,
    children: Vec<Span>,
    left_out: usize,
    has_failed: bool,
    /// All that was recorded so far was handed over.
    is_over: bool,
}

/// What is said of a span, beside its place and its times.
pub struct SpanData {
    /// One of few names.
    pub name: Cow<'static, str>,
    /// What it is between.
    pub kind: Kind,
    /// What else is known of it.
    pub attributes: Vec<Attribute>,
    /// Did what it stands for fail?
    pub is_error: bool,
}

impl Recording {
    /// A recording of what has begun then; `now` is the time on both clocks.
    pub(super) fn new(
        queue: Arc<Queue>,
        trace_id: TraceId,
        parent: Option<Parent>,
        began: Instant,
        now: (Instant, SystemTime),
    ) -> Arc<Self> {
        let began_at = now.1.checked_sub(now.0.saturating_duration_since(began)).unwrap_or(now.1);
        let (root, parent) = (SpanId::fresh(), parent.map(|parent| parent.span_id));
        Arc::new(Self { queue, trace_id, root, parent, began, began_at, progress: Mutex::default() })
    }

    /// Says something of the root; the first word on each name holds.
    pub fn set(&self, name: &'static str, value: Value) {
        let mut progress = self.progress();
        if progress.attributes.iter().all(|(known, _)| *known != name) {
            progress.attributes.push((name, value));
        }
    }

    /// What the root stands for has failed, with an error of this type.
    pub fn fail(&self, error: &'static str) {
        self.set("error.type", error.into());
        self.progress().has_failed = true;
    }

    /// Adds a span below the root.
    pub fn add(&self, data: SpanData, (start, end): (Instant, Instant)) {
        let span = self.span(data, SpanId::fresh(), Some(self.root), (start, end));
        let mut progress = self.progress();
        match progress.children.len() < CHILDREN {
            _ if progress.is_over => self.queue.dropped(1),
            true => progress.children.push(span),
            false => progress.left_out += 1,
        }
    }

    /// Ends the root, and hands all spans over. What is added later is dropped.
    pub fn finish(&self, data: SpanData, end: Instant) {
        let over = Progress { is_over: true, ..Progress::default() };
        let Progress { attributes, children, left_out, has_failed, .. } = mem::replace(&mut *self.progress(), over);
        let mut root = self.span(data, self.root, self.parent, (self.began, end));
        root.has_remote_parent = self.parent.is_some();
        root.attributes.extend(attributes);
        root.is_error |= has_failed;
        let mut spans = children;
        spans.push(root);
        self.queue.dropped(left_out);
        self.queue.add(spans);
    }

    fn span(&self, data: SpanData, id: SpanId, parent: Option<SpanId>, (start, end): (Instant, Instant)) -> Span {
        let SpanData { name, kind, attributes, is_error } = data;
        let (trace_id, start) = (self.trace_id, self.at(start));
        let end = self.at(end).max(start);
        Span { trace_id, id, parent, has_remote_parent: false, name, kind, start, end, attributes, is_error }
    }

    /// In nanoseconds since the beginning of 1970.
    fn at(&self, moment: Instant) -> u64 {
        let began_at = self.began_at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = match moment.checked_duration_since(self.began) {
            Some(after) => began_at.saturating_add(after),
            None => began_at.saturating_sub(self.began.duration_since(moment)),
        };
        nanos(at)
    }

    /// One task works on a trace, so nobody waits for this lock.
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Work that was abandoned has no end, so none of its spans can be sent.
impl Drop for Recording {
    fn drop(&mut self) {
        let Progress { children, left_out, is_over, .. } = mem::take(&mut *self.progress());
        if !is_over {
            self.queue.dropped(children.len() + left_out + 1);
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant as Clock;

    use super::super::fixture::Dropped;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn data(name: &'static str) -> SpanData {
        SpanData { name: name.into(), kind: Kind::Internal, attributes: Vec::new(), is_error: false }
    }

    /// A recording of what has begun a second ago, at 100 s of the wall clock.
    fn recording() -> (Arc<Recording>, Arc<Queue>, Dropped, Instant) {
        let dropped = Dropped::default();
        let (queue, began) = (Queue::new(dropped.listener()), Clock::now().into_std());
        let now = (began + SECOND, UNIX_EPOCH + 101 * SECOND);
        let parent = Parent::parse(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let trace_id = parent.expect("a parent").trace_id;
        (Recording::new(Arc::clone(&queue), trace_id, parent, began, now), queue, dropped, began)
    }

    #[tokio::test]
    async fn spans_are_below_the_root_and_have_the_times_of_the_wall_clock_from_its_beginning_on() {
        let (recording, queue, _, began) = recording();
        recording.add(data("inner"), (began + SECOND, began + 2 * SECOND));
        recording.add(data("backwards"), (began + SECOND, began));
        recording.set("a", "first".into());
        recording.set("a", "second".into());
        recording.finish(data("root"), began + 3 * SECOND);
        queue.close();
        let batch = queue.next().await.expect("a batch");
        let [inner, backwards, root] = batch.spans() else { panic!("{:?}", batch.spans()) };
        let seconds = |span: &Span| [span.start, span.end].map(|nanos| nanos / 1_000_000_000);
        assert_eq!([inner, backwards, root].map(seconds), [[101, 102], [101, 101], [100, 103]]);
        assert_eq!([inner.parent, backwards.parent], [Some(root.id); 2]);
        assert_eq!(root.parent.map(|id| id.to_string()).as_deref(), Some("00f067aa0ba902b7"));
        assert_eq!([inner, root].map(|span| span.has_remote_parent), [false, true]);
        assert!([inner, backwards, root].iter().all(|span| span.trace_id == root.trace_id));
        assert_eq!(root.attributes, [("a", Value::from("first"))]);
    }

    #[tokio::test]
    async fn spans_of_work_without_an_end_and_spans_that_come_after_it_are_counted() {
        let (abandoned, _, dropped, began) = recording();
        (0..2).for_each(|_| abandoned.add(data("inner"), (began, began)));
        drop(abandoned);
        assert_eq!(dropped.count(), 3);
        let (ended, queue, dropped, began) = recording();
        ended.finish(data("root"), began);
        ended.add(data("inner"), (began, began));
        drop(ended);
        queue.close();
        assert_eq!((queue.next().await.expect("a batch").spans().len(), dropped.count()), (1, 1));
    }

    #[tokio::test]
    async fn a_root_has_no_more_spans_than_it_may_and_the_others_are_counted() {
        let (recording, queue, dropped, began) = recording();
        (0..CHILDREN + 3).for_each(|_| recording.add(data("inner"), (began, began)));
        recording.finish(data("root"), began);
        queue.close();
        let batch = queue.next().await.expect("a batch");
        assert_eq!((batch.spans().len(), dropped.count()), (CHILDREN + 1, 3));
    }
}

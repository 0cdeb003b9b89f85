//! The bound of the queue, its batches, and that whatever is lost is counted once.

use tokio::time::Instant;

use super::super::fixture::{Dropped, spans};
use super::*;

fn queue() -> (Arc<Queue>, Dropped) {
    let dropped = Dropped::default();
    (Queue::new(dropped.listener()), dropped)
}

#[test]
fn a_trace_that_does_not_fit_is_dropped_whole_and_counted() {
    let (queue, dropped) = queue();
    queue.add(spans(CAPACITY - 2));
    queue.add(spans(3));
    assert_eq!((queue.state().spans.len(), dropped.count()), (CAPACITY - 2, 3));
    queue.add(spans(2));
    assert_eq!((queue.state().spans.len(), dropped.count()), (CAPACITY, 3));
    queue.clear();
    assert_eq!((queue.state().spans.len(), dropped.count()), (0, 3 + CAPACITY as u64));
    queue.close();
    queue.add(spans(1));
    assert_eq!(dropped.count(), 4 + CAPACITY as u64, "a closed queue takes nothing");
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_full_or_a_second_old() {
    let (queue, dropped) = queue();
    queue.add(spans(BATCH + 1));
    let start = Instant::now();
    let first = queue.next().await.expect("a batch");
    assert_eq!((first.spans().len(), start.elapsed()), (BATCH, Duration::ZERO));
    let second = queue.next().await.expect("a batch");
    assert_eq!((second.spans().len(), start.elapsed()), (1, ROUND));
    first.arrived(0);
    second.arrived(0);
    assert_eq!(dropped.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_closed_queue_gives_out_what_it_has_at_once_and_then_nothing() {
    let (queue, _) = queue();
    queue.add(spans(2));
    queue.close();
    let start = Instant::now();
    let names: Vec<_> = queue.next().await.expect("a batch").spans().iter().map(|span| span.name.clone()).collect();
    assert_eq!((names, queue.next().await.is_none()), (vec!["0".into(), "1".into()], true));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_batch_counts_what_the_collector_has_not() {
    for (rejected, expected) in [(None, 4), (Some(0), 0), (Some(3), 3), (Some(u64::MAX), 4)] {
        let (queue, dropped) = queue();
        queue.add(spans(4));
        let batch = queue.next().await.expect("a batch");
        match rejected {
            Some(rejected) => batch.arrived(rejected),
            None => drop(batch),
        }
        assert_eq!(dropped.count(), expected, "{rejected:?}");
    }
}

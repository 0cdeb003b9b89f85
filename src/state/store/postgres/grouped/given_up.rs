//! Calls whose callers have gone while a transaction hangs.

use futures_util::FutureExt;
use tokio::sync::Notify;

use super::*;

/// Hangs until it is told to go on.
#[derive(Default)]
struct Hanging(Notify);

impl Together for Hanging {
    type Call = Arc<()>;
    type Answer = ();

    const WORKERS: usize = 1;

    fn size(_: &Arc<()>) -> Size {
        Size::ROW
    }

    fn fit(_: &Arc<()>, _: &Arc<()>) -> bool {
        true
    }

    async fn carry_out(&self, calls: &[&Arc<()>]) -> Result<Vec<Option<()>>, Undone> {
        self.0.notified().await;
        Ok(calls.iter().map(|_| Some(())).collect())
    }
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_any_more_is_dropped_when_another_one_comes() {
    let grouped = Grouped::new(Hanging::default(), &Arc::default());
    let mut hangs = Box::pin(grouped.call(Arc::default()));
    assert!(hangs.as_mut().now_or_never().is_none());
    // Until the worker has it.
    while !grouped.0.waiting().calls.is_empty() {
        tokio::task::yield_now().await;
    }
    let mail = Arc::new(());
    assert!(grouped.call(Arc::clone(&mail)).now_or_never().is_none(), "it waits, and its caller goes");
    let mut next = Box::pin(grouped.call(Arc::default()));
    assert!(next.as_mut().now_or_never().is_none());
    assert_eq!(Arc::strong_count(&mail), 1, "its mail is gone");
    grouped.0.work.0.notify_one();
    assert_eq!(hangs.await, Ok(()));
    grouped.0.work.0.notify_one();
    assert_eq!(next.await, Ok(()));
}

//! Work that lasts beyond whoever waits for it: it runs where it is awaited, and in a task of its own once it is let go.
//!
//! A task from the start would promise the same, and cost each mail a way to another thread and back.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tracing::Instrument;

/// What it comes to, for whoever waits.
pub struct Lasting<T: Send + 'static>(Option<Work<T>>);

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<T: Send + 'static> Lasting<T> {
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(Box::pin(work)))
    }
}

impl<T: Send + 'static> Future for Lasting<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        // Taken out, so that what panics is not run again.
        let Some(mut work) = self.0.take() else { return Poll::Pending };
        let polled = work.as_mut().poll(cx);
        if polled.is_pending() {
            self.0 = Some(work);
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Lasting<T> {
    fn drop(&mut self) {
        // Without a runtime the process is at its end.
        if let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            drop(runtime.spawn(work.in_current_span()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::sync::oneshot;
    use tokio::time::{sleep, timeout};

    use super::super::Shutdown;

    const TIME: Duration = Duration::from_secs(9);

    #[tokio::test(start_paused = true)]
    async fn it_is_finished_though_nobody_waits_any_more_and_the_end_waits_for_it() {
        for waits in [None, Some(TIME / 2), Some(TIME * 2)] {
            let (shutdown, (done, told)) = (Shutdown::default(), oneshot::channel());
            let work = shutdown.finish(async move {
                sleep(TIME).await;
                done.send(()).is_ok()
            });
            match waits {
                None => drop(work),
                Some(waits) => assert_eq!(timeout(waits, work).await.ok(), (waits > TIME).then_some(true)),
            }
            shutdown.work.close();
            shutdown.work.wait().await;
            assert_eq!(told.await, Ok(()), "{waits:?}");
        }
    }

    #[tokio::test]
    async fn what_panics_is_not_run_again() {
        let (shutdown, (held, told)) = (Shutdown::default(), oneshot::channel::<()>());
        let work = shutdown.finish(async move {
            let _held = held;
            panic!("on purpose")
        });
        assert!(AssertUnwindSafe(work).catch_unwind().await.is_err());
        assert!(told.await.is_err(), "and what it held is given back");
        assert!(shutdown.work.is_empty());
    }

    #[test]
    fn without_a_runtime_it_is_dropped_in_peace() {
        drop(Shutdown::default().finish(async {}));
    }
}

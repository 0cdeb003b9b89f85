//! Threads that panic.

use std::sync::mpsc::channel;

use futures_util::FutureExt;

use super::*;

/// Panics where nobody takes it, which is in the thread that wanted to give it.
struct Explosive;

impl Drop for Explosive {
    fn drop(&mut self) {
        panic!("a fault of ours");
    }
}

/// Makes the thread behind these calls panic once, and waits until it is back.
macro_rules! explode {
    ($store:expr, $call:ident) => {{
        let ((begun, begins), (go_on, goes_on)) = (channel(), channel::<()>());
        let first = $store.$call(move |_| {
            begun.send(()).unwrap();
            let _ = goes_on.recv();
            Ok(())
        });
        let mut first = Box::pin(first);
        assert!(first.as_mut().now_or_never().is_none());
        begins.recv().unwrap();
        // Its caller has gone before there is an answer.
        assert!($store.$call(|_| Ok(Explosive)).now_or_never().is_none());
        go_on.send(()).unwrap();
        first.await.unwrap();
        // What waits beside it is unclear; the thread is back once something has an answer.
        while $store.$call(|_| Ok(())).await.is_err() {}
    }};
}

#[tokio::test]
async fn a_thread_that_panics_is_started_anew_and_three_times_within_a_minute_is_too_often() {
    let directory = tempfile::tempdir().unwrap();
    let (keys, restarts) = (StoreKeys::parse(KEY).unwrap(), Arc::new(Restarts::default()));
    let start = Start {
        directory: directory.path(),
        keys: &keys,
        modules: MODULES,
        clock: Clock::since_start(),
        metrics: Arc::default(),
        restarts: Arc::clone(&restarts),
    };
    let store = Sqlite::open(start).unwrap();
    explode!(store, write);
    assert_eq!(store.write(insert(1)).await, Ok(()), "it writes again");
    explode!(store, read);
    assert_eq!(ids(&store).await, [1], "it reads again");
    assert!(!restarts.are_too_many() && store.is_up());
    explode!(store, write);
    assert_eq!(store.write(insert(2)).await, Ok(()));
    assert!(restarts.are_too_many());
}

//! A database that is killed under load: what was accepted is there, once, and the node goes on by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;

use super::{batch, outbox, row};
use crate::state::outbox::{Acceptance, Outbox};
use crate::state::store::postgres::tests::postmaster::Postmaster;

const CALLERS: usize = 8;
const EACH: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_outlives_a_database_that_is_killed_and_is_there_once() {
    let Some(server) = Postmaster::start().map(Arc::new) else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let done = AtomicUsize::new(0);
    let call = async |caller: usize| {
        for number in 0..EACH {
            let key = format!("{caller} {number}");
            // A caller repeats under its key until it has an answer.
            while outbox.accept(batch(vec![row(Some(&key))])).await.is_err() {
                sleep(Duration::from_millis(5)).await;
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
    };
    let crash = async {
        for part in 1..=2 {
            while done.load(Ordering::Relaxed) < CALLERS * EACH * part / 3 {
                sleep(Duration::from_millis(5)).await;
            }
            let server = Arc::clone(&server);
            let restarted = tokio::task::spawn_blocking(move || {
                server.kill();
                server.restart();
            });
            restarted.await.unwrap();
        }
    };
    tokio::join!(join_all((0..CALLERS).map(call)), crash);
    for key in (0..CALLERS).flat_map(|caller| (0..EACH).map(move |number| format!("{caller} {number}"))) {
        let again = outbox.accept(batch(vec![row(Some(&key))])).await.unwrap();
        assert!(matches!(again[..], [Acceptance::Repeated(_)]), "{key} is lost: {again:?}");
    }
    let counts = outbox.counts().await.unwrap();
    assert_eq!(counts.iter().map(|count| count.rows).sum::<u64>(), (CALLERS * EACH) as u64, "{counts:?}");
}

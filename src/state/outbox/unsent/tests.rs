//! When it is told that mail waits which this node does not send.

use super::super::suite::bench::row;
use super::super::{Batch, Room, RouteSet};
use super::*;
use crate::runtime::telemetry::captured::Lines;
use crate::service::outbox::fake::{FakeStore, Fault};

#[test]
fn mail_in_parts_waits_until_it_has_ended_and_other_mail_is_not_meant() {
    let waits = |state, upstream: Option<&str>| {
        waits_in_parts(&Count {
            state,
            route_set: upstream.is_none().then(|| RouteSet::new(["mx"])),
            upstream: upstream.map(str::to_owned),
            rows: 1,
            bytes: 0,
            oldest: None,
        })
    };
    let mx = Some("mx");
    assert!([State::Queued, State::Claimed, State::Parked].into_iter().all(|state| waits(state, mx)));
    assert!(![State::Unknown, State::Accepted].into_iter().any(|state| waits(state, mx)));
    assert!(!waits(State::Queued, None));
}

#[tokio::test(start_paused = true)]
async fn mail_that_waits_is_told_once_the_store_answers() {
    let (store, (lines, _guard)) = (Arc::new(FakeStore::default()), Lines::capture());
    let room = Room { rows: 10, bytes: 1000 };
    let (rows, caller) = (vec![row(1)], "shop".into());
    let withdrawal = Default::default();
    store.accept(Batch { withdrawal, caller, rows, atomic: false, room, callers_room: room }).await.unwrap();
    store.does(Some(Fault::Down));
    let task = tokio::spawn(warn_of_waiting(store.clone()));
    sleep(PAUSE * 3).await;
    store.does(Some(Fault::Hang));
    sleep(TIMEOUT * 3).await;
    assert_eq!(lines.take(), "");
    store.does(None);
    task.await.unwrap();
    let lines = lines.take();
    assert!(lines.contains("mails=1") && lines.lines().count() == 1, "{lines}");
}

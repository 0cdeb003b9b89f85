//! How much there is in the outbox, as the metrics show it.

use super::super::{Note, Room, metrics_of};
use super::*;
use crate::runtime::metrics::Metrics;
use crate::runtime::telemetry::captured::Lines;
use crate::service::outbox::fake::{FakeStore, Fault};

fn count(state: State, upstream: &str, rows: u64, oldest: i64) -> Count {
    let upstream = Some(upstream.to_owned());
    Count { state, route_set: None, upstream, rows, bytes: 10 * rows, oldest: Some(UnixTime(oldest)) }
}

#[track_caller]
fn has(page: &Metrics, lines: &[&str]) {
    let page = page.render();
    for line in lines {
        assert!(page.lines().any(|seen| seen == *line), "{line} is not in\n{page}");
    }
}

#[test]
fn rows_are_shown_by_state_with_the_age_of_the_oldest_and_gone_ones_are_0() {
    let page = Metrics::default();
    let metrics = metrics_of(&page, Room { rows: 1000, bytes: 5000 });
    has(&page, &["smsp_outbox_rows{state=\"queued\"} 0", "smsp_outbox_max_rows 1000", "smsp_outbox_max_bytes 5000"]);
    let (mg, ses) = (count(State::Queued, "mg", 3, 4_000), count(State::Queued, "ses", 4, 2_500));
    show(&metrics, &[mg, ses, count(State::Unknown, "mg", 1, 99_000)], UnixTime(10_000));
    has(
        &page,
        &[
            "smsp_outbox_rows{state=\"queued\"} 7",
            "smsp_outbox_oldest_seconds{state=\"queued\"} 7.5",
            "smsp_outbox_rows{state=\"unknown\"} 1",
            "smsp_outbox_oldest_seconds{state=\"unknown\"} 0.0",
            "smsp_outbox_bytes 80",
        ],
    );
    show(&metrics, &[], UnixTime(10_000));
    has(&page, &["smsp_outbox_rows{state=\"queued\"} 0", "smsp_outbox_oldest_seconds{state=\"queued\"} 0.0"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_or_silent_leaves_the_metrics_and_is_asked_again() {
    let (page, store) = (Metrics::default(), Arc::new(FakeStore::default()));
    let metrics = Arc::new(metrics_of(&page, Room { rows: 10, bytes: 10 }));
    store.pause(true, Note { who: "ada".into(), from: None, order: "pause".into() }).await.unwrap();
    store.does(Some(Fault::Hang));
    let task = tokio::spawn(measure(store.clone(), metrics, PausedStart::default(), Drain::default()));
    sleep(PAUSE).await;
    has(&page, &["smsp_outbox_paused 0"]);
    store.does(Some(Fault::Down));
    // As long as a count that had no answer demands.
    sleep(TIMEOUT * TIMES).await;
    has(&page, &["smsp_outbox_paused 0"]);
    store.does(None);
    sleep(PAUSE + TIMEOUT).await;
    has(&page, &["smsp_outbox_paused 1"]);
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_node_that_has_started_paused_says_so_whatever_the_store_says() {
    let (page, store, start) = (Metrics::default(), Arc::new(FakeStore::default()), PausedStart::new(true));
    let metrics = Arc::new(metrics_of(&page, Room { rows: 10, bytes: 10 }));
    store.does(Some(Fault::Hang));
    let task = tokio::spawn(measure(store.clone(), metrics, start.clone(), Drain::default()));
    sleep(Duration::from_secs(1)).await;
    has(&page, &["smsp_outbox_paused 1"]);
    store.does(None);
    sleep(TIMEOUT * TIMES + PAUSE).await;
    has(&page, &["smsp_outbox_paused 1"]);
    start.end();
    sleep(2 * PAUSE).await;
    has(&page, &["smsp_outbox_paused 0"]);
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_backlog_that_drains_is_logged_with_its_rate_and_the_time_left_and_silence_is_kept_otherwise() {
    let ((lines, _log), drain) = (Lines::capture(), Drain::default());
    let mut logged = Vec::new();
    for waiting in [1000, 600, 600, 700, 500, 80] {
        tell(&drain, &[count(State::Queued, "mg", waiting, 0)], UnixTime(60_000));
        logged.push(lines.take());
        sleep(PAUSE).await;
    }
    let drains =
        |line: &str, rest: &str| line.contains("INFO") && line.trim_end().ends_with(&format!("outbox drains {rest}"));
    assert!(drains(&logged[1], "waiting=600 rate=40.0 left_seconds=15"), "{logged:?}");
    assert!(drains(&logged[4], "waiting=500 rate=20.0 left_seconds=25"), "{logged:?}");
    assert_eq!([0, 2, 3, 5].map(|place: usize| logged[place].as_str()), [""; 4], "{logged:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_paused_or_cannot_be_counted_has_no_estimate() {
    let (page, store, drain) = (Metrics::default(), Arc::new(FakeStore::default()), Drain::default());
    let metrics = Arc::new(metrics_of(&page, Room { rows: 10, bytes: 10 }));
    let note = || Note { who: "ada".into(), from: None, order: "pause".into() };
    let task = tokio::spawn(measure(store.clone(), metrics, PausedStart::default(), drain.clone()));
    sleep(Duration::from_millis(1)).await;
    for paused in [true, false] {
        tell(&drain, &[count(State::Queued, "mg", 500, 0)], UnixTime(60_000));
        sleep(Duration::from_secs(1)).await;
        tell(&drain, &[count(State::Queued, "mg", 400, 0)], UnixTime(60_000));
        assert!(drain.estimate().is_some());
        store.pause(paused, note()).await.unwrap();
        store.does((!paused).then_some(Fault::Down));
        sleep(PAUSE).await;
        assert_eq!(drain.estimate(), None, "paused: {paused}");
    }
    task.abort();
}

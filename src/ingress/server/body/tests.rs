//! Bodies that trickle and bodies that stall: one that keeps up the rate is taken, one that does not is cut, and when.

use axum::body::Bytes;
use futures_util::stream::{self, StreamExt};
use tokio::time::Instant;

use super::*;

const KIB: usize = 1024;
const LIMITS: Limits = Limits { bytes: 26 << 20, time: Duration::from_secs(10) };

/// A body that brings so many bytes every second, so often, and then ends or brings nothing more.
fn trickle(bytes: usize, times: usize, ends: bool) -> Body {
    let parts = stream::iter(0..times).then(move |_| async move {
        sleep(Duration::from_secs(1)).await;
        Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; bytes]))
    });
    if ends { Body::from_stream(parts) } else { Body::from_stream(parts.chain(stream::pending())) }
}

/// The length of what was read, or why it was not, and how long it took.
async fn read_all(body: Body, shutdown: &Shutdown) -> (Result<usize, Error<()>>, Duration) {
    let start = Instant::now();
    let read = read(body, LIMITS, |_| Ok(()), shutdown).await;
    (read.map(|bytes| bytes.len()), start.elapsed())
}

#[track_caller]
fn is_cut((read, took): (Result<usize, Error<()>>, Duration), after: Duration) {
    assert_eq!(read, Err(Error::TooSlow));
    assert!(took >= after && took - after < Duration::from_millis(2), "{took:?} instead of {after:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_keeps_up_the_rate_is_taken_however_long_it_is() {
    let (rate, whole) = (70 * KIB, 26 * 1024 / 70);
    for seconds in [60, whole] {
        let read = read_all(trickle(rate, seconds, true), &Shutdown::default()).await;
        assert_eq!(read, (Ok(rate * seconds), Duration::from_secs(seconds as u64)));
    }
    let exactly = read_all(trickle(64 * KIB, 400, true), &Shutdown::default()).await;
    assert_eq!(exactly, (Ok(64 * KIB * 400), Duration::from_secs(400)));
}

#[tokio::test(start_paused = true)]
async fn a_body_below_the_rate_is_cut_when_what_it_has_earned_is_over() {
    // After 42 s so many times 50 KiB have come, which are worth 10 s and 32.8 s: the next part is too late.
    let earned = Duration::from_millis(10_000 + 42 * 50 * 1000 / 64);
    is_cut(read_all(trickle(50 * KIB, 60, true), &Shutdown::default()).await, earned);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_is_cut_after_its_first_time_however_much_has_come() {
    for (rate, seconds, end) in [(KIB, 0, 10), (256 * KIB, 1, 11), (4 * KIB * KIB, 6, 16), (64 * KIB, 30, 40)] {
        let stalling = trickle(rate, seconds, false);
        is_cut(read_all(stalling, &Shutdown::default()).await, Duration::from_secs(end));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_fast_and_then_below_the_rate_is_cut_too() {
    let fast = trickle(4 * KIB * KIB, 5, true).into_data_stream();
    let both = Body::from_stream(fast.chain(trickle(1, 1000, true).into_data_stream()));
    is_cut(read_all(both, &Shutdown::default()).await, Duration::from_secs(15));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_on_its_way_when_the_listeners_close_is_cut_whatever_it_has_earned() {
    let shutdown = Shutdown::default();
    let signals = crate::runtime::shutdown::Signals::listen().expect("signals");
    let settings =
        crate::runtime::shutdown::Settings { delay: Duration::from_secs(20), deadline: Duration::from_secs(20) };
    let drained = tokio::spawn(shutdown.clone().run(signals, settings, std::future::ready(true)));
    shutdown.request();
    let (read, took) = read_all(trickle(70 * KIB, 60, true), &shutdown).await;
    assert_eq!(read, Err(Error::Closing));
    assert_eq!(took, settings.delay + CLOSING_TIMEOUT);
    drop(drained);
}

#[tokio::test]
async fn bytes_are_bounded_and_reserved_as_they_come() {
    let body = |bytes: usize| Body::from(vec![b'x'; bytes]);
    let limits = Limits { bytes: 10, ..LIMITS };
    let mut reserved = 0;
    let reserve = |more| {
        reserved += more;
        Ok::<_, ()>(())
    };
    assert_eq!(read(body(10), limits, reserve, &Shutdown::default()).await.map(|bytes| bytes.len()), Ok(10));
    assert_eq!(reserved, 10);
    assert_eq!(read(body(11), limits, |_| Ok::<_, ()>(()), &Shutdown::default()).await, Err(Error::TooLarge));
    assert_eq!(read(body(1), limits, |_| Err("full"), &Shutdown::default()).await, Err(Error::Refused("full")));
}

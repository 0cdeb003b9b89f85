//! Orders, unpublished transitions and listeners, while a supervisor watches.

use super::*;

#[tokio::test(start_paused = true)]
async fn failure_rate_completed_by_successes_opens_within_a_tick() {
    let mut limits = limits();
    limits.circuit.consecutive_failures = 4095;
    let supervised = supervise_over(limits, Outcome::Unavailable, 0).await;
    for outcome in [Outcome::Unavailable, Outcome::Accepted] {
        for _ in 0..10 {
            supervised.mail(outcome).await;
        }
    }
    assert_eq!(supervised.upstream.snapshot().state, State::Closed);
    assert!(supervised.until(State::Open).await <= 0.3);
}

#[tokio::test(start_paused = true)]
async fn unpublished_opening_is_found_by_the_tick() {
    let supervised = opened(0).await;
    supervised.until(State::Closed).await;
    drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _first = supervised.upstream.try_admit();
        panic!("no publisher is left");
    })));
    assert_eq!(supervised.upstream.snapshot().state, State::Open);
    supervised.until(State::Closed).await;
    assert_eq!(supervised.probes(), 6);
}

#[tokio::test(start_paused = true)]
async fn reset_ends_the_wait() {
    let supervised = opened(u32::MAX).await;
    while supervised.trips() < 6 {
        sleep(SECOND).await;
    }
    supervised.upstream.reset();
    supervised.mail(Outcome::Unavailable).await;
    let took = supervised.until(State::HalfOpen).await;
    assert!((3.9..6.1).contains(&took), "a clean slate begins with the first wait, not the sixth: {took}");
}

#[tokio::test(start_paused = true)]
async fn listener_may_reset_and_panic() {
    let supervised = supervise_over(limits(), Outcome::Unavailable, 0).await;
    let (upstream, mut history) = (Arc::clone(&supervised.upstream), supervised.upstream.history());
    let listener = tokio::spawn(async move {
        history.changed().await.expect("the upstream lives");
        upstream.reset();
        panic!("and a listener that panics does no harm");
    });
    supervised.mail(Outcome::Unavailable).await;
    assert!(listener.await.is_err());
    supervised.mail(Outcome::Accepted).await;
    assert_eq!(supervised.upstream.history().borrow().last.map(|last| last.reason), Some(TransitionReason::Reset));
}

#[tokio::test(start_paused = true)]
async fn supervisor_beats_while_it_waits() {
    let supervised = opened(u32::MAX).await;
    for _ in 0..200 {
        sleep(SECOND).await;
        assert!(supervised.upstream.supervisor_age() <= SECOND, "{:?}", supervised.upstream.supervisor_age());
    }
}

//! Waits, probes and holds until a circuit closes again.

use super::*;

#[tokio::test(start_paused = true)]
async fn recovery_takes_the_first_wait_and_three_probes() {
    let supervised = opened(0).await;
    let took = supervised.until(State::Closed).await;
    // 5 s +- 20 %, three probes of 0.1 s, two gaps of 1 s.
    assert!((6.2..8.5).contains(&took), "{took}");
    assert_eq!(supervised.probes(), 3);
}

#[tokio::test(start_paused = true)]
async fn failed_probe_doubles_the_wait() {
    let supervised = opened(3).await;
    let took = supervised.until(State::Closed).await;
    // 5 + 10 + 20 + 40 s +- 20 %, six probes, two gaps.
    assert!((62.0..93.5).contains(&took), "{took}");
    assert_eq!(supervised.probes(), 6);
}

#[tokio::test(start_paused = true)]
async fn the_next_probe_is_known_to_others_while_the_circuit_is_open() {
    let supervised = opened(0).await;
    sleep(SECOND).await;
    let left = supervised.upstream.until_next_probe().expect("not closed").as_secs_f64();
    assert!((2.9..5.1).contains(&left), "{left}");
    supervised.until(State::Closed).await;
    assert_eq!(supervised.upstream.until_next_probe(), None);
}

#[tokio::test(start_paused = true)]
async fn throttled_circuit_is_held_as_long_as_asked_then_one_probe_closes_it() {
    for (asked, least, most) in [(Some(2), 2.0, 2.8), (Some(60), 60.0, 72.5), (None, 5.0, 6.5)] {
        let supervised = supervise_over(limits(), Outcome::Unavailable, 0).await;
        supervised.verdict(throttled(asked.map(Duration::from_secs))).await;
        let took = supervised.until(State::Closed).await;
        assert!((least..most).contains(&took), "{asked:?}: {took}");
        assert_eq!((supervised.probes(), supervised.trips(), supervised.ramp()), (1, 0, 127), "{asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn longer_wait_from_a_stale_result_is_kept() {
    let supervised = supervise_over(limits(), Outcome::Unavailable, 0).await;
    let late = supervised.upstream.try_admit().expect("closed");
    supervised.verdict(throttled(Some(SECOND))).await;
    supervised.upstream.settle(late, &small(), ended(&throttled(Some(60 * SECOND))));
    let took = supervised.until(State::Closed).await;
    assert!((60.0..61.0).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn refused_account_is_held_long_once_a_probe_confirms_it() {
    let supervised = supervise_over(limits(), Outcome::AccountRefused, 1).await;
    supervised.mail(Outcome::AccountRefused).await;
    let first = supervised.until(State::HalfOpen).await;
    assert!((3.9..6.1).contains(&first), "the first probe comes after the poll interval: {first}");
    supervised.until(State::Open).await;
    let held = supervised.until(State::HalfOpen).await;
    assert!((899.0..901.0).contains(&held), "{held}");
    let history = *supervised.upstream.history().borrow();
    assert_eq!(history.last.map(|last| last.reason), Some(TransitionReason::ProbeDue));
    assert!(history.outage_since.is_some_and(|since| since.elapsed() > 900 * SECOND), "the outage keeps its age");
}

#[tokio::test(start_paused = true)]
async fn jitter_keeps_nodes_from_probing_in_step() {
    fastrand::seed(2);
    let mut nodes = Vec::new();
    for _ in 0..10 {
        nodes.push(opened(0).await);
    }
    let (mut seen, mut counts) = (0, Vec::new());
    for _ in 0..80 {
        sleep(SECOND / 10).await;
        let all = nodes.iter().map(Supervised::probes).sum::<u32>();
        counts.push(all - seen);
        seen = all;
    }
    assert!(counts.iter().all(|probes| *probes <= 3), "more than three probes in 100 ms: {counts:?}");
    for node in &nodes {
        node.until(State::Closed).await;
        assert_eq!(node.probes(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn override_does_not_put_off_the_next_probe() {
    let supervised = opened(0).await;
    for order in [Override::Open, Override::Auto, Override::Open] {
        sleep(SECOND).await;
        assert!(supervised.upstream.override_circuit(order), "a change");
    }
    supervised.until(State::Closed).await;
    assert_eq!(supervised.probes(), 3, "probing goes on for information");
    assert!(supervised.upstream.try_admit().is_none(), "and the order holds");
}

#[tokio::test(start_paused = true)]
async fn stuck_probe_ends_at_the_probe_timeout() {
    /// A provider whose probes never end.
    struct Stuck;
    impl Provider for Stuck {
        fn send<'a>(&'a self, _: Delivery<'a>) -> Call<'a> {
            Box::pin(std::future::pending())
        }
    }
    let supervised = supervise_provider(limits(), Box::new(Stuck), Arc::default()).await;
    supervised.mail(Outcome::Unavailable).await;
    supervised.until(State::HalfOpen).await;
    let half_open = supervised.until(State::Open).await;
    assert!((9.9..10.1).contains(&half_open), "a probe holds its place for the probe timeout, no longer: {half_open}");
    assert_eq!(supervised.trips(), 2);
}

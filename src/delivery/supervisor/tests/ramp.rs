//! After closing: the ramp, and trips that decay.

use super::*;

#[tokio::test(start_paused = true)]
async fn ramp_grows_to_all_mail_after_an_outage() {
    let supervised = opened(0).await;
    supervised.until(State::Closed).await;
    let mut shares = vec![supervised.ramp()];
    for _ in 0..31 {
        sleep(SECOND).await;
        shares.push(supervised.ramp());
    }
    assert_eq!((shares[0], shares[31]), (13, 127));
    assert!((60..80).contains(&shares[15]), "{shares:?}");
    assert!(shares.is_sorted(), "{shares:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_ramp_all_mail_flows_at_once() {
    let mut limits = limits();
    (limits.ramp, limits.circuit.ramps) = (Duration::ZERO, false);
    let supervised = supervise_over(limits, Outcome::Unavailable, 0).await;
    supervised.mail(Outcome::Unavailable).await;
    supervised.until(State::Closed).await;
    assert_eq!(supervised.ramp(), 127);
}

#[tokio::test(start_paused = true)]
async fn trips_decay_only_by_real_mail_through_a_stable_circuit() {
    let supervised = opened(0).await;
    supervised.until(State::Closed).await;
    supervised.mail(Outcome::Unavailable).await;
    let took = supervised.until(State::Closed).await;
    assert!((10.0..14.6).contains(&took), "{took}");
    assert_eq!(supervised.trips(), 2, "closing by probes forgives nothing");
    sleep(60 * SECOND).await;
    assert_eq!(supervised.trips(), 2, "time alone forgives nothing");
    supervised.mail(Outcome::Accepted).await;
    sleep(SECOND).await;
    assert_eq!(supervised.trips(), 1);
    sleep(60 * SECOND).await;
    assert_eq!(supervised.trips(), 1, "the next one is to be earned anew");
}

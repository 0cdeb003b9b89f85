//! Adaptive routing follows what mails cost, also before they end.

use futures_util::future::join_all;

use super::*;
use crate::delivery::routing::ALL_MAIL;

#[tokio::test(start_paused = true)]
async fn an_upstream_that_hangs_gets_less_mail_before_its_first_call_has_ended() {
    let hangs = [Act::Hang; 250];
    let answers = [Act::SayAfter(SECOND / 10, Outcome::Accepted); 500];
    let any = Capabilities::ANY;
    let fixture = Fixture::of(Failover::Safe, Strategy::Adaptive, 5, &[(any, &hangs), (any, &answers)]);
    // Attempts have ten seconds.
    let mails = (0..250).map(|number| {
        let fixture = &fixture;
        async move {
            tokio::time::sleep(number * SECOND / 50).await;
            fixture.send().await
        }
    });
    join_all(mails).await;
    // An even share, halved each second down to a hundredth, of 50 mails a second.
    assert!((20..75).contains(&fixture.calls()[0]), "{:?}", fixture.calls());
}

#[tokio::test(start_paused = true)]
async fn a_large_mail_does_not_hide_that_others_hang() {
    let candidate = |upstream| Candidate {
        upstream,
        identity: upstream as u64,
        weight: 1,
        adaptive_share: 0.5,
        floor: 0,
        circuit_share: ALL_MAIL,
        left_out: None,
    };
    let adaptive = Adaptive::new(Strategy::Adaptive, &[candidate(0), candidate(1)]).expect("it is in use");
    let verdict = Verdict::new(Outcome::Accepted, Reason::Mock);
    let ended_at = tokio::time::Instant::now().into_std();
    let answered = Attempt { upstream: "u1".into(), verdict, took: Some(SECOND / 10), ended_at, lookup: None };
    adaptive.learn(1, &answered, 1000);
    let stuck: Vec<_> = (0..20).map(|_| adaptive.begin(0, 1000)).collect();
    tokio::time::advance(5 * SECOND).await;
    for size in [128 * 1024, 128 * 1024 + 1, 26 << 20] {
        let other = adaptive.begin(0, size);
        let shares = adaptive.upcoming();
        assert!(shares[0] < 0.02, "{size} bytes: {shares:?}");
        assert_eq!(other.is_some(), size <= 128 * 1024, "{size} bytes");
    }
    drop(stuck);
    let shares = adaptive.upcoming();
    assert_eq!(shares, [0.5, 0.5], "none is left in flight");
}

//! Replays of mails that a provider may have.

use super::bench::*;

async fn replay(bench: &Bench, upstream: &str) -> Vec<Hold> {
    let claimed = bench.outbox.replay(node(2), upstream, 9).await.unwrap();
    claimed.iter().map(|claimed| claimed.hold).collect()
}

pub(in super::super) async fn a_replay_goes_to_the_same_upstream_within_its_window(bench: &Bench) {
    let hold = bench.one_marked().await;
    assert_eq!(replay(bench, "mg").await, [], "its verdict may still come");
    bench.end(&hold, unknown(SECOND)).await;
    assert_eq!(replay(bench, "mg").await, [], "not before its wait is over");
    bench.advance(SECOND).await;
    assert_eq!(replay(bench, "ses").await, [], "never another upstream");
    let second = replay(bench, "mg").await;
    assert_eq!((second.len(), second[0].fence > hold.fence), (1, true));
    assert_eq!((bench.state(1).await, replay(bench, "mg").await), (Some(State::Sending), vec![]));
    assert_eq!(bench.end(&hold, refused()).await, None, "the earlier fence is lost");
    assert_eq!(bench.end(&second[0], unknown(SECOND)).await, Some(State::Unknown));
    bench.advance(Duration::from_secs(3600)).await;
    assert_eq!(replay(bench, "mg").await, [], "the window is closed");
    assert_eq!(bench.status(1).await.unwrap().attempts.len(), 2);
}

pub(in super::super) async fn only_acceptance_settles_a_replay(bench: &Bench) {
    let hold = bench.one_marked().await;
    bench.end(&hold, unknown(Duration::ZERO)).await;
    for ended in [refused(), again(SECOND), unknown(SECOND)] {
        let second = replay(bench, "mg").await[0];
        assert_eq!(bench.end(&second, ended).await, Some(State::Unknown), "it says nothing of the first hand-over");
        assert_eq!(replay(bench, "mg").await, [], "not at once");
        assert_eq!(bench.end(&second, again(SECOND)).await, Some(State::Unknown), "nor does a late verdict");
        assert_eq!(bench.claim(node(1), 9).await.len(), 0);
        bench.advance(Duration::from_secs(60)).await;
    }
    // A node that dies with a replay in hand changes nothing of that.
    let third = replay(bench, "mg").await[0];
    bench.advance(SILENCE).await;
    assert_eq!(bench.outbox.bury().await, Ok(Buried { unknown: 1, ..Buried::default() }));
    assert_eq!(bench.end(&third, again(SECOND)).await, Some(State::Unknown));
    assert_eq!(bench.end(&third, accepted()).await, Some(State::Accepted));
}

pub(in super::super) async fn a_replay_is_not_marked_for_another_upstream(bench: &Bench) {
    let hold = bench.one_marked().await;
    bench.end(&hold, unknown(Duration::ZERO)).await;
    let second = replay(bench, "mg").await[0];
    assert!(!bench.outbox.mark(&second, &mark("ses")).await.unwrap());
    assert!(!bench.outbox.mark(&second, &mark("mg")).await.unwrap(), "it is marked already");
}

pub(in super::super) async fn an_expired_mail_is_not_replayed(bench: &Bench) {
    bench.accept(vec![NewRow { expires: When::After(10 * SECOND), ..row(1) }]).await;
    let hold = bench.claim_one(node(1)).await;
    bench.marked(&hold).await;
    bench.end(&hold, unknown(Duration::ZERO)).await;
    bench.advance(10 * SECOND).await;
    assert_eq!(replay(bench, "mg").await, []);
    assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted), "its late verdict is taken");
}

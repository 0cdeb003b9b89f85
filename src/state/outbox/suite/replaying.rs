//! Replays of mails that a provider may have.

use super::bench::*;

async fn replay(bench: &Bench, upstream: &str) -> Vec<Hold> {
    let claimed = bench.outbox.replay(node(2), upstream, ALL).await.unwrap();
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
        assert_eq!(bench.end(&second, Ended::Lost { wait: SECOND }).await, None, "no loss once it was handed over");
        assert_eq!(bench.claim(node(1), 9).await.len(), 0);
        bench.advance(Duration::from_secs(60)).await;
    }
    // A node that dies with a replay in hand changes nothing of that.
    let third = replay(bench, "mg").await[0];
    bench.advance(SILENCE).await;
    assert_eq!(bench.bury().await, Ok(Buried { unknown: 1, ..Buried::default() }));
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

pub(in super::super) async fn no_more_is_replayed_than_there_are_rows_and_bytes_for(bench: &Bench) {
    bench.accept((1..=5).map(row).collect()).await;
    for claimed in bench.claim(node(1), 5).await {
        bench.marked(&claimed.hold).await;
        bench.end(&claimed.hold, unknown(Duration::ZERO)).await;
    }
    let replay = async |rows, bytes| bench.outbox.replay(node(1), "mg", Bound { rows, bytes }).await.unwrap().len();
    // Each has 100 bytes.
    assert_eq!(replay(9, 299).await, 2);
    assert_eq!(replay(1, 299).await, 1);
    assert_eq!(replay(9, 1).await, 1, "one row, whatever it has");
    assert_eq!(replay(9, 299).await, 1);
}

pub(in super::super) async fn a_mail_of_whose_replay_three_nodes_have_died_waits_for_people(bench: &Bench) {
    bench.accept(vec![row(1), row(2)]).await;
    let long = Mark { replay_for: Some(DAY), ..mark("mg") };
    for claimed in bench.claim(node(1), 2).await {
        assert!(bench.outbox.mark(&claimed.hold, &long).await.unwrap());
        bench.end(&claimed.hold, unknown(Duration::ZERO)).await;
        bench.advance(SECOND).await;
    }
    let again = async |expected: &[i64]| {
        let holds = replay(bench, "mg").await;
        assert_eq!(holds.iter().map(|hold| hold.row.0).collect::<Vec<_>>(), expected);
        holds
    };
    let die = async |unknown| {
        bench.advance(SILENCE).await;
        assert_eq!(bench.bury().await, Ok(Buried { unknown, ..Buried::default() }));
        bench.advance(ATTEMPT).await;
    };
    again(&[1, 2]).await;
    die(2).await;
    // Alone from now on, the oldest first.
    again(&[1]).await;
    die(1).await;
    let other = again(&[2]).await[0];
    assert_eq!(bench.end(&other, accepted()).await, Some(State::Accepted));
    again(&[1]).await;
    die(1).await;
    again(&[]).await;
    assert_eq!(bench.state(1).await, Some(State::Unknown));
    assert_eq!(bench.outbox.order(id(1), Order::Retry, note("retry")).await, Ok(Ordered::Done(State::Queued)));
}

//! How long rows are kept. The store under test keeps what has ended for [`KEEP`].

use super::bench::*;

pub(in super::super) async fn what_expires_is_ended_by_the_sweep(bench: &Bench) {
    let short = |number| NewRow { expires: When::After(SECOND), ..row(number) };
    bench.accept((1..=5).map(short).collect()).await;
    let hold = bench.claim(node(1), 1).await[0].hold;
    assert_eq!(bench.outbox.sweep(9).await, Ok(Swept::default()));
    bench.advance(SECOND).await;
    assert_eq!(bench.outbox.sweep(3).await, Ok(Swept { expired: 3, more: true, ..Swept::default() }));
    assert_eq!(bench.outbox.sweep(3).await, Ok(Swept { expired: 1, ..Swept::default() }));
    assert_eq!((bench.state(1).await, bench.state(2).await), (Some(State::Claimed), Some(State::Expired)));
    assert_eq!(bench.end(&hold, again(Duration::ZERO)).await, Some(State::Queued));
    assert_eq!(bench.outbox.sweep(9).await, Ok(Swept { expired: 1, ..Swept::default() }));
    let status = bench.status(1).await.unwrap();
    assert_eq!((status.ticket.state, status.ended_at), (State::Expired, Some(bench.time.now().await)));
    // What is expired has given its room back.
    let room = Room { rows: 1, bytes: 100 };
    let batch = Batch { caller: "shop".into(), rows: vec![row(9)], atomic: false, room, callers_room: room };
    assert!(matches!(bench.outbox.accept(batch).await.unwrap()[..], [Acceptance::Accepted(_)]));
}

pub(in super::super) async fn what_has_ended_is_kept_and_dropped(bench: &Bench) {
    bench.accept((1..=4).map(row).collect()).await;
    let holds: Vec<_> = bench.claim(node(1), 3).await.iter().map(|claimed| claimed.hold).collect();
    for hold in &holds {
        bench.marked(hold).await;
    }
    bench.end(&holds[0], accepted()).await;
    bench.end(&holds[1], unknown(DAY)).await;
    bench.advance(KEEP - SECOND).await;
    // The fourth has expired meanwhile, and is kept from now on.
    assert_eq!(bench.outbox.sweep(9).await, Ok(Swept { expired: 1, ..Swept::default() }));
    bench.advance(SECOND).await;
    assert_eq!(bench.outbox.sweep(9).await, Ok(Swept { dropped: 2, unknown: 1, ..Swept::default() }));
    let left = [bench.state(1).await, bench.state(2).await, bench.state(3).await, bench.state(4).await];
    assert_eq!(left, [None, None, Some(State::Sending), Some(State::Expired)], "what is under way is never dropped");
    assert_eq!(bench.outbox.of_recipient(&[Hmac([1; 32])], 9).await.unwrap(), []);
    assert_eq!(bench.end(&holds[1], accepted()).await, None, "a verdict too late even for that");
    bench.accept(vec![row(1)]).await;
    let hold = bench.claim_one(node(1)).await;
    assert!(!holds.iter().any(|old| old.row == hold.row), "no number is given twice");
}

pub(in super::super) async fn a_key_lives_as_long_as_the_status(bench: &Bench) {
    bench.accept(vec![keyed(1, "k")]).await;
    let hold = bench.claim_one(node(1)).await;
    bench.end(&hold, refused()).await;
    bench.advance(DAY - SECOND).await;
    bench.outbox.sweep(9).await.unwrap();
    let repeat = bench.accept_as("shop", vec![keyed(1, "k")]).await;
    let [Acceptance::Repeated(ticket)] = repeat[..] else { panic!("{repeat:?}") };
    assert_eq!(ticket.state, State::Refused);
    bench.advance(KEEP).await;
    bench.outbox.sweep(9).await.unwrap();
    assert!(matches!(bench.accept_as("shop", vec![keyed(2, "k")]).await[..], [Acceptance::Accepted(_)]));
}

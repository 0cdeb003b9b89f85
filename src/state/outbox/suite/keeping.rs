//! How long rows are kept. The store under test keeps what has ended for [`KEEP`].

use super::bench::*;

pub(in super::super) async fn what_expires_is_ended_by_the_sweep(bench: &Bench) {
    let short = |number| NewRow { expires: When::After(SECOND), ..row(number) };
    bench.accept((1..=5).map(short).collect()).await;
    let hold = bench.claim(node(1), 1).await[0].hold;
    assert_eq!(bench.sweep(ALL).await, Ok(Swept::default()));
    bench.advance(SECOND).await;
    assert_eq!(bench.sweep(Bound { rows: 3, ..ALL }).await, Ok(Swept { expired: 3, more: true, ..Swept::default() }));
    assert_eq!(bench.sweep(Bound { rows: 3, ..ALL }).await, Ok(Swept { expired: 1, ..Swept::default() }));
    assert_eq!((bench.state(1).await, bench.state(2).await), (Some(State::Claimed), Some(State::Expired)));
    assert_eq!(bench.end(&hold, again(Duration::ZERO)).await, Some(State::Queued));
    assert_eq!(bench.sweep(ALL).await, Ok(Swept { expired: 1, ..Swept::default() }));
    let status = bench.status(1).await.unwrap();
    assert_eq!((status.ticket.state, status.ended_at), (State::Expired, Some(bench.time.now().await)));
    // What is expired has given its room back.
    let room = Room { rows: 1, bytes: 100 };
    let batch = Batch { room, callers_room: room, ..batch(vec![row(9)]) };
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
    assert_eq!(bench.sweep(ALL).await, Ok(Swept { expired: 1, ..Swept::default() }));
    bench.advance(SECOND).await;
    assert_eq!(bench.sweep(ALL).await, Ok(Swept { dropped: 2, unknown: 1, ..Swept::default() }));
    let left = [bench.state(1).await, bench.state(2).await, bench.state(3).await, bench.state(4).await];
    assert_eq!(left, [None, None, Some(State::Sending), Some(State::Expired)], "what is under way is never dropped");
    assert_eq!(bench.outbox.of_recipient(&[Hmac([1; 32])], 9, note("find")).await.unwrap(), []);
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
    bench.sweep(ALL).await.unwrap();
    let repeat = bench.accept_as("shop", vec![keyed(1, "k")]).await;
    let [Acceptance::Repeated(ticket)] = repeat[..] else { panic!("{repeat:?}") };
    assert_eq!(ticket.state, State::Refused);
    bench.advance(KEEP).await;
    bench.sweep(ALL).await.unwrap();
    assert!(matches!(bench.accept_as("shop", vec![keyed(2, "k")]).await[..], [Acceptance::Accepted(_)]));
}

pub(in super::super) async fn a_sweep_is_done_in_steps_of_rows_and_bytes(bench: &Bench) {
    bench.accept((1..=5).map(|number| NewRow { expires: When::After(SECOND), ..row(number) }).collect()).await;
    bench.advance(SECOND).await;
    let step = async |rows, bytes| {
        let Swept { expired, dropped, more, .. } = bench.sweep(Bound { rows, bytes }).await.unwrap();
        (expired, dropped, more)
    };
    // Each has 100 bytes.
    assert_eq!(step(9, 250).await, (2, 0, true));
    assert_eq!(step(9, 1).await, (1, 0, true), "one row, whatever it has");
    assert_eq!(step(1, 250).await, (1, 0, true));
    assert_eq!(step(9, 250).await, (1, 0, false));
    bench.advance(KEEP).await;
    assert_eq!(step(2, 0).await, (0, 2, true), "they have no content any more");
    assert_eq!(step(9, 0).await, (0, 3, false));
    assert_eq!(bench.outbox.counts().await.unwrap(), []);
}

/// They have their content still, for the late verdict.
pub(in super::super) async fn what_is_unknown_is_dropped_in_steps_of_bytes(bench: &Bench) {
    bench.accept((1..=4).map(row).collect()).await;
    for claimed in bench.claim(node(1), 4).await {
        assert!(bench.marked(&claimed.hold).await);
        bench.end(&claimed.hold, unknown(DAY)).await;
    }
    bench.advance(KEEP).await;
    let step = async |bytes| {
        let Swept { dropped, unknown, more, .. } = bench.sweep(Bound { bytes, ..ALL }).await.unwrap();
        (dropped, unknown, more)
    };
    // Each has 100 bytes.
    assert_eq!(step(250).await, (2, 2, true));
    assert_eq!(step(1).await, (1, 1, true), "one row, whatever it has");
    assert_eq!(step(250).await, (1, 1, false));
    assert_eq!(bench.outbox.counts().await.unwrap(), []);
}

/// On a store that keeps what has ended for an hour: those with a key for a day all the same.
pub(in super::super) async fn mail_with_a_key_is_passed_once_where_other_mail_is_kept_for_less_than_a_day(
    bench: &Bench,
) {
    let cancel = async |number| drop(bench.outbox.cancel(&"shop".into(), id(number)).await.unwrap());
    let rows = [keyed(1, "a"), keyed(2, "b"), row(3), keyed(4, "c"), row(5)];
    bench.accept(rows.into()).await;
    for number in 1..=5 {
        cancel(number).await;
    }
    bench.advance(Duration::from_secs(3600)).await;
    let step = async |rows| {
        let Swept { dropped, more, .. } = bench.sweep(Bound { rows, ..ALL }).await.unwrap();
        (dropped, more)
    };
    assert_eq!([step(2).await, step(2).await, step(2).await], [(0, true), (1, true), (1, false)]);
    assert_eq!(step(1).await, (0, false), "none is looked at again");
    bench.accept(vec![row(6)]).await;
    cancel(6).await;
    bench.advance(DAY - Duration::from_secs(3600)).await;
    assert_eq!(bench.sweep(ALL).await.unwrap().dropped, 4, "three after a day, and one without a key");
    assert_eq!(bench.outbox.counts().await.unwrap(), []);
}

//! What operators see and decide.

use super::bench::*;

async fn left_unknown(bench: &Bench, number: u8) -> Hold {
    bench.accept(vec![row(number)]).await;
    let hold = bench.claim_one(node(1)).await;
    bench.marked(&hold).await;
    assert_eq!(bench.end(&hold, unknown(SECOND)).await, Some(State::Unknown));
    hold
}

pub(in super::super) async fn orders_release_rows_that_wait_for_people(bench: &Bench) {
    let order = async |number, order| bench.outbox.order(id(number), order, note("order")).await.unwrap();
    assert_eq!(order(1, Order::Retry).await, Ordered::NotFound);
    bench.parked(1).await;
    for settle in [Order::SettleAsAccepted, Order::SettleAsNone] {
        assert_eq!(
            order(1, settle).await,
            Ordered::Conflict(State::Parked),
            "nobody has it: there is nothing to settle"
        );
    }
    assert_eq!(order(1, Order::Retry).await, Ordered::Done(State::Queued));
    assert_eq!(order(1, Order::Retry).await, Ordered::Conflict(State::Queued));
    let claimed = bench.claim(node(1), 9).await;
    assert_eq!((claimed.len(), claimed[0].possible_duplicate), (1, false));
    bench.advance(SILENCE).await;
    assert_eq!(bench.bury().await.unwrap().queued, 1, "its losses are counted anew");
    bench.outbox.cancel(&"shop".into(), id(1)).await.unwrap();
    for (number, what, state, twice) in [
        (2, Order::Retry, State::Queued, true),
        (3, Order::SettleAsNone, State::Queued, false),
        (4, Order::SettleAsAccepted, State::Accepted, false),
    ] {
        let hold = left_unknown(bench, number).await;
        assert_eq!(order(number.into(), what).await, Ordered::Done(state));
        assert_eq!(bench.status(number.into()).await.unwrap().ticket.possible_duplicate, twice, "{what:?}");
        assert_eq!(bench.end(&hold, again(SECOND)).await, None, "the person's word holds");
        for hold in bench.claim(node(1), 9).await {
            assert_eq!(bench.end(&hold.hold, refused()).await, Some(State::Refused));
        }
    }
    left_unknown(bench, 5).await;
    bench.outbox.erase(&"shop".into(), id(5)).await.unwrap();
    assert_eq!(order(5, Order::Retry).await, Ordered::Conflict(State::Unknown), "there is nothing left to send");
    assert_eq!(order(5, Order::SettleAsNone).await, Ordered::Done(State::Cancelled));
    assert_eq!(order(5, Order::SettleAsNone).await, Ordered::Conflict(State::Cancelled));
}

pub(in super::super) async fn an_order_does_not_send_what_is_over(bench: &Bench) {
    let order = async |number, order| bench.outbox.order(id(number), order, note("order")).await.unwrap();
    let expires = When::After(4 * SILENCE);
    for number in [1, 2] {
        bench.accept(vec![NewRow { expires, ..row(number) }]).await;
        let hold = bench.claim_one(node(1)).await;
        bench.marked(&hold).await;
        assert_eq!(bench.end(&hold, unknown(DAY)).await, Some(State::Unknown));
    }
    bench.accept(vec![NewRow { expires, ..row(3) }]).await;
    for _ in 0..3 {
        bench.claim_one(node(1)).await;
        bench.advance(SILENCE).await;
        bench.bury().await.unwrap();
    }
    assert_eq!(bench.state(3).await, Some(State::Parked));
    bench.advance(SILENCE).await;
    for (number, state) in [(1, State::Unknown), (3, State::Parked)] {
        assert_eq!(order(number, Order::Retry).await, Ordered::Over(state));
    }
    assert_eq!(bench.outbox.audit(None, 9).await.unwrap().len(), 0);
    assert_eq!(order(1, Order::SettleAsNone).await, Ordered::Done(State::Expired));
    let status = bench.status(1).await.unwrap();
    assert_eq!(status.ended_at, Some(bench.time.now().await));
    assert_eq!(order(1, Order::Retry).await, Ordered::Conflict(State::Expired));
    assert_eq!(order(2, Order::SettleAsAccepted).await, Ordered::Done(State::Accepted), "it was sent in time");
}

pub(in super::super) async fn rows_are_counted_by_state_and_upstream(bench: &Bench) {
    assert_eq!(bench.outbox.counts().await.unwrap(), []);
    let start = bench.time.now().await;
    left_unknown(bench, 1).await;
    bench.advance(SECOND).await;
    bench.accept(vec![row(2)]).await;
    bench.accept(vec![row(3)]).await;
    let count = |state, upstream: Option<&str>, rows, oldest| Count {
        state,
        route_set: state.waits().then(set),
        upstream: upstream.map(str::to_owned),
        rows,
        bytes: 100 * rows,
        oldest: Some(oldest),
    };
    let queued = count(State::Queued, None, 2, start.after(SECOND));
    assert_eq!(bench.outbox.counts().await.unwrap(), [queued, count(State::Unknown, Some("mg"), 1, start)]);
    bench.outbox.cancel(&"shop".into(), id(2)).await.unwrap();
    let send = When::At(start.after(DAY));
    bench.outbox.reschedule(&"shop".into(), id(3), send.from(start)).await.unwrap();
    let ended = Count { bytes: 0, oldest: None, ..count(State::Cancelled, None, 1, start.after(SECOND)) };
    let (waits, unknown) =
        (count(State::Queued, None, 1, start.after(DAY)), count(State::Unknown, Some("mg"), 1, start));
    assert_eq!(bench.outbox.counts().await.unwrap(), [waits, unknown, ended], "what waits for its time is not old");
}

pub(in super::super) async fn rows_that_are_parked_or_erased_under_way_are_counted_where_they_are(bench: &Bench) {
    let start = bench.time.now().await;
    bench.parked(1).await;
    bench.accept(vec![row(2), row(3)]).await;
    for claimed in bench.claim(node(1), 2).await {
        assert!(bench.marked(&claimed.hold).await);
        if claimed.id == id(2) {
            assert_eq!(bench.erase_recipient(2).await, (1, 0));
            bench.end(&claimed.hold, accepted()).await;
        }
    }
    let (set_of, mg) = (Some(set()), Some("mg".to_owned()));
    let sent = Count { state: State::Accepted, route_set: None, upstream: mg, rows: 1, bytes: 0, oldest: None };
    let oldest = Some(bench.time.now().await);
    let sending = Count { state: State::Sending, bytes: 100, oldest, ..sent.clone() };
    let parked =
        Count { state: State::Parked, route_set: set_of, upstream: None, oldest: Some(start), ..sending.clone() };
    assert_eq!(bench.outbox.counts().await.unwrap(), [sending, parked, sent]);
}

pub(in super::super) async fn a_recipient_is_found_and_erased(bench: &Bench) {
    let both = |number| {
        let mut row = row(number);
        row.sealed.hmacs = vec![Hmac([1; 32]), Hmac([number; 32])];
        row
    };
    bench.accept(vec![both(2)]).await;
    let hold = bench.claim_one(node(1)).await;
    bench.marked(&hold).await;
    bench.advance(SECOND).await;
    bench.accept_as("other", vec![both(3)]).await;
    bench.accept(vec![row(4)]).await;
    let found = async |hmacs: &[Hmac], limit| bench.outbox.of_recipient(hmacs, limit, note("find")).await.unwrap();
    let [shop, other] = ["shop", "other"].map(CallerName::from);
    assert_eq!(
        found(&[Hmac([9; 32]), Hmac([1; 32])], 9).await,
        [(other.clone(), id(3)), (shop, id(2))],
        "the newest first"
    );
    assert_eq!(bench.outbox.audit(None, 9).await.unwrap()[0].note, note("find"), "who has asked");
    assert_eq!(found(&[Hmac([1; 32])], 1).await, [(other, id(3))]);
    assert_eq!(bench.erase_recipient(1).await, (2, 1));
    assert_eq!(found(&[Hmac([1; 32])], 9).await, []);
    assert_eq!((bench.state(2).await, bench.state(4).await), (Some(State::Sending), Some(State::Queued)));
    assert!(bench.status(2).await.unwrap().recipients.is_none());
    assert!(bench.status(4).await.unwrap().recipients.is_some());
    assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted));
    assert_eq!(bench.erase_recipient(1).await, (0, 0));
}

pub(in super::super) async fn a_large_erasure_is_done_in_steps_and_a_later_order_finishes_it(bench: &Bench) {
    let to_one = |number| NewRow {
        sealed: Sealed { hmacs: vec![Hmac([1; 32]), Hmac([2; 32])], ..row(number).sealed },
        ..row(number)
    };
    bench.accept((1..=7).map(to_one).collect()).await;
    let step = async |step, rows, bytes| {
        let hmacs = [Hmac([1; 32]), Hmac([2; 32])];
        bench.outbox.erase_recipient(&hmacs, step, Bound { rows, bytes }).await.unwrap()
    };
    // A node begins, and dies before it goes on.
    let first = step(Erasing::First(note("erase")), 4, 250).await;
    assert_eq!((first.rows, first.cancelled), (2, 2), "each has 100 bytes");
    assert_eq!(step(Erasing::Next(first.next.unwrap()), 4, 1).await.rows, 1, "one, whatever it has");
    bench.accept(vec![to_one(8)]).await;
    let mut erased = step(Erasing::First(note("erase")), 2, 250).await;
    bench.accept(vec![to_one(9)]).await;
    // Of a mail that is erased: it comes in meanwhile, and is meant.
    let bounce = Batch { caller: "_bounces".into(), ..batch(vec![to_one(10)]) };
    bench.outbox.accept(bounce).await.unwrap();
    let mut rows = erased.rows;
    for _ in 0..9 {
        let Some(last) = erased.next else { break };
        assert!(erased.rows <= 2);
        erased = step(Erasing::Next(last), 2, 1000).await;
        rows += erased.rows;
    }
    assert_eq!((rows, erased.next), (6, None));
    assert_eq!((bench.state(8).await, bench.state(9).await), (Some(State::Cancelled), Some(State::Queued)));
    assert_eq!(bench.outbox.audit(None, 9).await.unwrap().len(), 2, "one for each order, not for each step");
}

pub(in super::super) async fn orders_are_kept_with_who_gave_them(bench: &Bench) {
    let start = bench.time.now().await;
    bench.parked(1).await;
    bench.outbox.pause(true, note("pause")).await.unwrap();
    bench.outbox.order(id(1), Order::SettleAsNone, note("of no effect")).await.unwrap();
    bench.outbox.order(id(9), Order::Retry, note("of no mail")).await.unwrap();
    bench.advance(SECOND).await;
    bench.outbox.order(id(1), Order::Retry, note("retry")).await.unwrap();
    let nobody = Note { from: None, ..note("erase") };
    bench.outbox.erase_recipient(&[Hmac([1; 32])], Erasing::First(nobody.clone()), ALL).await.unwrap();
    bench.outbox.note(note("elsewhere")).await.unwrap();
    let kept = bench.outbox.audit(None, 9).await.unwrap();
    let expected = [note("elsewhere"), nobody, note("retry"), note("pause")];
    assert_eq!(kept.iter().map(|one| one.note.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(kept.iter().map(|one| one.at.since(start)).max(), Some(3 * SILENCE + SECOND));
    assert_eq!(bench.outbox.audit(None, 1).await.unwrap(), kept[..1]);
}

pub(in super::super) async fn orders_that_were_kept_for_long_enough_are_dropped(bench: &Bench) {
    let pause = async |paused: bool, word: &str| bench.outbox.pause(paused, note(word)).await.unwrap();
    pause(true, "the first").await;
    bench.advance(DAY).await;
    pause(false, "the second").await;
    assert!(!bench.outbox.sweep_audit(DAY + SECOND).await.unwrap());
    assert_eq!(bench.outbox.audit(None, 9).await.unwrap().len(), 2);
    assert!(!bench.outbox.sweep_audit(DAY).await.unwrap());
    let kept = bench.outbox.audit(None, 9).await.unwrap();
    assert_eq!(kept.iter().map(|kept| &*kept.note.order).collect::<Vec<_>>(), ["the second"]);
    bench.advance(DAY).await;
    assert!(!bench.outbox.sweep_audit(DAY).await.unwrap());
    pause(true, "the last").await;
    let last = bench.outbox.audit(None, 9).await.unwrap();
    assert!(last.len() == 1 && last[0].number > kept[0].number, "a number is never given twice");
}

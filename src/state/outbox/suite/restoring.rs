//! A store that is an older copy of itself: it gives out nothing, until people accept it.

use super::bench::*;

/// Three mails: one is queued, one claimed, one was handed over. The holds of the last two.
async fn three(bench: &Bench) -> [Hold; 2] {
    let marked = bench.one_marked().await;
    bench.accept(vec![row(2)]).await;
    let claimed = bench.claim_one(node(1)).await;
    bench.accept(vec![row(3)]).await;
    assert_eq!(bench.outbox.heartbeat(node(1)).await, Ok(None));
    [claimed, marked]
}

/// Neither a claim, a replay nor a mark is possible; everything else is.
async fn gives_out_nothing(bench: &Bench, [claimed, marked]: [Hold; 2], why: WentBack) {
    assert_eq!(bench.outbox.heartbeat(node(1)).await, Ok(Some(why)));
    assert_eq!(bench.claim(node(1), 9).await.len(), 0, "it claims");
    assert!(!bench.marked(&claimed).await, "it marks");
    assert_eq!(bench.end(&marked, unknown(Duration::ZERO)).await, Some(State::Unknown));
    assert_eq!(bench.outbox.replay(node(1), "mg", ALL).await.unwrap().len(), 0, "it replays");
    bench.accept(vec![row(4)]).await;
    assert_eq!(bench.claim(node(2), 9).await.len(), 0, "it claims what is new");
    assert_eq!(bench.outbox.history().await.unwrap().went_back, Some(why));
}

pub(in super::super) async fn a_store_that_lost_a_mark_gives_out_nothing(bench: &Bench) {
    let holds = three(bench).await;
    bench.past.lose(1).await;
    gives_out_nothing(bench, holds, WentBack::Marks(1)).await;
    bench.past.lose(-5).await;
    assert_eq!(bench.outbox.heartbeat(node(1)).await, Ok(Some(WentBack::Marks(1))), "other nodes have gone on");
}

pub(in super::super) async fn a_store_of_another_epoch_gives_out_nothing(bench: &Bench) {
    let holds = three(bench).await;
    bench.past.replace_epoch().await;
    gives_out_nothing(bench, holds, WentBack::Epoch).await;
}

pub(in super::super) async fn a_store_in_another_place_gives_out_nothing(bench: &Bench) {
    let holds = three(bench).await;
    bench.past.put_elsewhere().await;
    assert_eq!(bench.outbox.heartbeat(node(1)).await, Ok(Some(WentBack::Place)));
    assert_eq!(bench.claim(node(1), 9).await.len(), 0);
    bench.past.lose(1).await;
    gives_out_nothing(bench, holds, WentBack::Marks(1)).await;
}

pub(in super::super) async fn what_waited_in_an_accepted_copy_is_parked(bench: &Bench) {
    let before = bench.outbox.history().await.unwrap().point;
    let [claimed, marked] = three(bench).await;
    bench.past.lose(1).await;
    bench.outbox.heartbeat(node(1)).await.unwrap();
    bench.accept(vec![row(4)]).await;
    let restored = bench.outbox.accept_restore(100, note("accept_restore")).await;
    assert_eq!(restored, Ok(Restored { parked: 2, unknown: 1, more: false }));
    let states = futures_util::future::join_all((1..=4).map(|number| bench.state(number))).await;
    assert_eq!(states, [State::Unknown, State::Parked, State::Parked, State::Queued].map(Some));
    let history = bench.outbox.history().await.unwrap();
    assert_eq!(history.went_back, None);
    assert_ne!(history.point.epoch(), before.epoch());
    assert_eq!(bench.outbox.heartbeat(node(1)).await, Ok(None));
    assert!(!bench.marked(&claimed).await, "a claim of the time before is void");
    assert_eq!(bench.outbox.replay(node(1), "mg", ALL).await.unwrap().len(), 0, "it may have been settled since");
    assert_eq!(bench.end(&marked, accepted()).await, Some(State::Accepted), "its late verdict settles it");
    let claimed = bench.claim(node(1), 9).await;
    assert_eq!(claimed.iter().map(|row| row.id).collect::<Vec<_>>(), [id(4)], "new mail goes on");
    assert!(bench.marked(&claimed[0].hold).await);
    assert_eq!(bench.outbox.audit(None, 9).await.unwrap()[0].note, note("accept_restore"));
    bench.past.lose(1).await;
    assert_eq!(bench.outbox.heartbeat(node(1)).await, Ok(Some(WentBack::Marks(1))), "the new epoch is remembered too");
}

pub(in super::super) async fn what_had_not_ended_in_an_accepted_copy_may_be_a_second_copy_if_it_is_sent(bench: &Bench) {
    bench.parked(1).await;
    // Unknown: of an upstream that takes no mail once, and of one that does.
    for (number, replay_for) in [(2, None), (3, Some(DAY))] {
        bench.accept(vec![row(number)]).await;
        let hold = bench.claim_one(node(1)).await;
        bench.outbox.mark(&hold, &Mark { replay_for, ..mark("mg") }).await.unwrap();
        bench.end(&hold, unknown(DAY)).await;
    }
    for (number, ended) in [(4, accepted()), (5, refused())] {
        bench.accept(vec![row(number)]).await;
        let hold = bench.claim_one(node(1)).await;
        bench.marked(&hold).await;
        bench.end(&hold, ended).await;
    }
    bench.accept(vec![row(6)]).await;
    bench.claim_one(node(1)).await;
    bench.accept(vec![row(7)]).await;
    let restored = bench.outbox.accept_restore(2, note("accept_restore")).await;
    assert_eq!(restored, Ok(Restored { parked: 1, unknown: 1, more: true }));
    let restored = bench.outbox.accept_restore(100, note("accept_restore")).await;
    assert_eq!(restored, Ok(Restored { parked: 2, unknown: 1, more: false }));
    for (number, state, is_at_risk) in [
        (1, State::Parked, true),
        (2, State::Unknown, true),
        (3, State::Unknown, true),
        (4, State::Accepted, false),
        (5, State::Refused, false),
        (6, State::Parked, true),
        (7, State::Parked, true),
    ] {
        let Ticket { state: found, possible_duplicate, .. } = bench.status(number).await.unwrap().ticket;
        assert_eq!((found, possible_duplicate), (state, is_at_risk), "{number}");
    }
    for (number, order) in [(1, Order::Retry), (2, Order::SettleAsNone), (3, Order::Retry), (6, Order::Retry)] {
        let ordered = bench.outbox.order(id(number), order, note("order")).await;
        assert_eq!(ordered, Ok(Ordered::Done(State::Queued)), "{number}");
    }
    let claimed = bench.claim(node(1), 9).await;
    assert_eq!(claimed.len(), 4);
    assert!(
        claimed.iter().all(|claimed| claimed.possible_duplicate),
        "each may have been sent after the copy was made"
    );
}

pub(in super::super) async fn a_large_copy_is_accepted_in_parts(bench: &Bench) {
    bench.accept((1..=5).map(row).collect()).await;
    let accept = async || bench.outbox.accept_restore(2, note("accept_restore")).await.unwrap();
    // It was not found to be a copy: people know better.
    assert_eq!(accept().await, Restored { parked: 2, unknown: 0, more: true });
    bench.accept(vec![row(6)]).await;
    assert_eq!(bench.claim(node(1), 9).await.len(), 0, "nothing is claimed half-way");
    assert_eq!(accept().await, Restored { parked: 2, unknown: 0, more: true });
    assert_eq!(bench.outbox.audit(None, 9).await.unwrap(), []);
    assert_eq!(accept().await, Restored { parked: 1, unknown: 0, more: false });
    assert_eq!(bench.claim_one(node(1)).await.row, RowId(6));
}

pub(in super::super) async fn parked_rows_are_released_by_filter_and_one_after_the_other(bench: &Bench) {
    let start = bench.time.now().await;
    bench.accept((1..=4).map(row).collect()).await;
    bench.accept_as("other", vec![row(5)]).await;
    let elsewhere = NewRow { from_domain: "Example.NET".into(), ..row(6) };
    let soon_over = NewRow { expires: When::After(3 * SECOND), ..row(7) };
    bench.advance(SECOND).await;
    bench.accept(vec![elsewhere, soon_over, row(8)]).await;
    bench.outbox.accept_restore(100, note("accept_restore")).await.unwrap();
    bench.outbox.erase(&"shop".into(), id(8)).await.unwrap();
    let all = Release { over: 40 * SECOND, limit: 99, ..Release::default() };
    let release = async |what: Release| {
        let Released { released, more } = bench.outbox.release(what, note("release")).await.unwrap();
        (released, more)
    };
    assert_eq!(release(Release { caller: Some("nobody".into()), ..all.clone() }).await, (0, false));
    assert_eq!(release(Release { caller: Some("other".into()), ..all.clone() }).await, (1, false));
    assert_eq!(release(Release { from_domain: Some("example.net".into()), ..all.clone() }).await, (1, false));
    assert_eq!(release(Release { accepted_before: Some(start), ..all.clone() }).await, (0, false));
    let older = Release { accepted_from: Some(start), accepted_before: Some(start.after(SECOND)), ..all.clone() };
    assert_eq!(release(Release { limit: 2, ..older.clone() }).await, (2, true), "the oldest first");
    assert_eq!(release(older).await, (2, false));
    let mut due = Vec::new();
    for number in 1..=6 {
        let status = bench.status(number).await;
        due.extend(status.map(|status| status.next_attempt_at.unwrap().since(start).as_secs()));
    }
    assert_eq!(due, [1, 21, 1, 21, 1], "of the callers' own, each release within its 40 seconds");
    assert!(
        bench.status(1).await.unwrap().ticket.possible_duplicate,
        "it may have been sent before the copy was restored"
    );
    bench.advance(SECOND).await;
    assert_eq!(release(all.clone()).await, (1, false));
    assert_eq!(bench.status(7).await.unwrap().next_attempt_at, Some(start.after(2 * SECOND)), "before it expires");
    assert_eq!(release(all).await, (0, false));
}

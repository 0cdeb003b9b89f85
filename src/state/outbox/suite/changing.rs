//! What callers see and change.

use futures_util::future::try_join_all;

use super::bench::*;

fn state_of(change: &Change) -> Result<State, Option<State>> {
    match change {
        Change::Done(status) | Change::Cancelled(status) => Ok(status.ticket.state),
        Change::NotFound => Err(None),
        Change::Conflict(status) => Err(Some(status.ticket.state)),
    }
}

impl Bench {
    async fn cancel(&self, number: u128) -> Result<State, Option<State>> {
        state_of(&self.outbox.cancel(&"shop".into(), id(number)).await.unwrap())
    }

    async fn erase(&self, number: u128) -> Result<State, Option<State>> {
        state_of(&self.outbox.erase(&"shop".into(), id(number)).await.unwrap())
    }
}

pub(in super::super) async fn another_callers_submission_is_unknown(bench: &Bench) {
    bench.accept(vec![row(1)]).await;
    bench.accept_as("other", vec![row(2)]).await;
    let (other, nobody) = (CallerName::from("other"), CallerName::from("nobody"));
    for (caller, id) in [(&other, id(1)), (&nobody, id(1)), (&other, id(3))] {
        assert!(bench.outbox.status(caller, id).await.unwrap().is_none());
        let now = bench.time.now().await;
        for change in [
            bench.outbox.cancel(caller, id).await,
            bench.outbox.erase(caller, id).await,
            bench.outbox.reschedule(caller, id, now).await,
        ] {
            assert_eq!(state_of(&change.unwrap()), Err(None));
        }
    }
    let shop = CallerName::from("shop");
    let asked = [(&other, id(1)), (&shop, id(1)), (&nobody, id(1)), (&other, id(2)), (&other, id(3)), (&shop, id(2))];
    let has = try_join_all(asked.map(|(caller, id)| bench.outbox.has(caller, id))).await;
    assert_eq!(has.unwrap(), [false, true, false, true, false, false]);
    let listed = bench.outbox.list(&other, Filter::default(), None, 9).await.unwrap().tickets;
    assert_eq!(listed.iter().map(|ticket| ticket.id).collect::<Vec<_>>(), [id(2)]);
    assert_eq!(bench.state(1).await, Some(State::Queued));
}

pub(in super::super) async fn a_submission_is_cancelled_until_it_is_under_way(bench: &Bench) {
    bench.accept((1..=4).map(row).collect()).await;
    assert_eq!(bench.cancel(1).await, Ok(State::Cancelled));
    assert_eq!(bench.cancel(1).await, Err(Some(State::Cancelled)));
    let holds: Vec<_> = bench.claim(node(1), 9).await.iter().map(|claimed| claimed.hold).collect();
    assert_eq!(bench.cancel(2).await, Ok(State::Cancelled), "claimed is not under way");
    assert_eq!(bench.end(&holds[0], again(SECOND)).await, None);
    bench.marked(&holds[1]).await;
    assert_eq!(bench.cancel(3).await, Err(Some(State::Sending)));
    bench.end(&holds[1], unknown(SECOND)).await;
    assert_eq!(bench.cancel(3).await, Err(Some(State::Unknown)));
    bench.advance(SILENCE).await;
    bench.bury().await.unwrap();
    let all = bench.claim(node(1), 9).await;
    assert_eq!(all.iter().map(|claimed| claimed.id).collect::<Vec<_>>(), [id(4)]);
    let ended = bench.status(1).await.unwrap();
    assert!(ended.ended_at.is_some() && ended.recipients.is_some(), "only its content is dropped");
}

pub(in super::super) async fn a_queued_submission_is_rescheduled(bench: &Bench) {
    bench.accept(vec![row(1)]).await;
    let now = bench.time.now().await;
    let to = async |time| state_of(&bench.outbox.reschedule(&"shop".into(), id(1), time).await.unwrap());
    assert_eq!(to(now.after(DAY)).await, Ok(State::Queued));
    assert_eq!(bench.claim(node(1), 9).await.len(), 0);
    assert_eq!(bench.status(1).await.unwrap().ticket.send_at, now.after(DAY));
    assert_eq!(to(now.after(2 * DAY)).await, Err(Some(State::Queued)), "it would have expired by then");
    assert_eq!(to(now).await, Ok(State::Queued));
    bench.claim_one(node(1)).await;
    assert_eq!(to(now.after(DAY)).await, Err(Some(State::Claimed)));
}

pub(in super::super) async fn what_is_erased_leaves_its_status(bench: &Bench) {
    bench.accept((1..=4).map(row).collect()).await;
    let holds: Vec<_> = bench.claim(node(1), 3).await.iter().map(|claimed| claimed.hold).collect();
    for hold in &holds {
        bench.marked(hold).await;
    }
    bench.end(&holds[0], accepted()).await;
    bench.end(&holds[1], unknown(SECOND)).await;
    assert_eq!(bench.erase(1).await, Ok(State::Accepted));
    assert_eq!(bench.erase(2).await, Ok(State::Unknown));
    assert_eq!(bench.erase(3).await, Err(Some(State::Sending)));
    assert_eq!(bench.erase(4).await, Ok(State::Cancelled));
    for number in [1, 2, 4] {
        assert!(bench.status(number).await.unwrap().recipients.is_none(), "{number}");
        assert_eq!(bench.outbox.of_recipient(&[Hmac([number as u8; 32])], 9, note("find")).await.unwrap(), []);
    }
    assert!(bench.status(3).await.unwrap().recipients.is_some());
    bench.advance(SECOND).await;
    assert_eq!(bench.outbox.replay(node(1), "mg", ALL).await.unwrap().len(), 0, "there is nothing to send");
    assert_eq!(bench.end(&holds[1], accepted()).await, Some(State::Accepted), "a late verdict is still taken");
    // The third alone takes room.
    let callers_room = Room { rows: 2, ..ROOM };
    let batch = Batch { callers_room, ..batch(vec![row(5), row(6)]) };
    let answers = bench.outbox.accept(batch).await.unwrap();
    assert!(matches!(answers[..], [Acceptance::Accepted(_), Acceptance::Full(Full::CallersRows)]), "{answers:?}");
}

pub(in super::super) async fn a_list_has_pages(bench: &Bench) {
    for number in 1..=5 {
        // Two at one time.
        if number != 3 {
            bench.advance(SECOND).await;
        }
        bench.accept(vec![row(number)]).await;
    }
    bench.cancel(4).await.unwrap();
    let page = async |filter, after| {
        let page = bench.outbox.list(&"shop".into(), filter, after, 2).await.unwrap();
        (page.tickets.iter().map(|ticket| ticket.id).collect::<Vec<_>>(), page.next)
    };
    let (first, after) = page(Filter::default(), None).await;
    bench.accept(vec![row(6)]).await;
    let (second, after) = page(Filter::default(), Some(after.unwrap())).await;
    let (third, end) = page(Filter::default(), Some(after.unwrap())).await;
    assert_eq!([first, second, third], [vec![id(5), id(4)], vec![id(3), id(2)], vec![id(1)]]);
    assert_eq!(end, None);
    let of = |state| Filter { state: Some(state) };
    assert_eq!(page(of(State::Cancelled), None).await, (vec![id(4)], None));
    let (first, after) = page(of(State::Queued), None).await;
    let (second, after) = page(of(State::Queued), Some(after.unwrap())).await;
    let (third, end) = page(of(State::Queued), Some(after.unwrap())).await;
    assert_eq!([first, second, third], [vec![id(6), id(5)], vec![id(3), id(2)], vec![id(1)]], "two at one time");
    assert_eq!((end, page(of(State::Claimed), None).await), (None, (vec![], None)));
    bench.claim(node(1), 9).await;
    let (first, after) = page(of(State::Claimed), None).await;
    let (second, _) = page(of(State::Claimed), Some(after.unwrap())).await;
    assert_eq!([first, second], [vec![id(6), id(5)], vec![id(3), id(2)]]);
}

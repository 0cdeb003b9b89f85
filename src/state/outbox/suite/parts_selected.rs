//! Lists, counts and orders on many, where some mails are in parts and others are not.

use super::bench::*;
use super::parting::told;
use super::selecting::{all, of};

/// Two of each of these states, of which the first is in parts.
const OF_EACH: [(State, [u128; 2]); 4] =
    [(State::Queued, [1, 7]), (State::Unknown, [2, 5]), (State::Sending, [3, 8]), (State::Claimed, [4, 6])];

async fn some_of_each(bench: &Bench) {
    let waits = bench.in_one_part(1).await;
    bench.end_part(&waits, &told(&[])).await;
    bench.advance(SECOND).await;
    bench.in_doubt(2).await;
    bench.advance(SECOND).await;
    let sending = bench.in_one_part(3).await;
    assert_eq!(bench.parts.mark_part(&sending).await, Ok(true));
    bench.in_one_part(4).await;
    for number in 5..=8 {
        bench.advance(SECOND).await;
        bench.accept(vec![row(number)]).await;
        if number == 7 {
            continue;
        }
        let claimed = bench.claim(node(1), 9).await;
        let hold = claimed.last().unwrap().hold;
        assert!(number == 6 || bench.marked(&hold).await);
        if number == 5 {
            bench.end(&hold, unknown(DAY)).await;
        }
        let others: Vec<_> = claimed[..claimed.len() - 1].iter().map(|claimed| claimed.hold).collect();
        bench.outbox.give_back(&others).await.unwrap();
    }
}

pub(in super::super) async fn mails_in_parts_are_listed_among_others_by_where_their_parts_are(bench: &Bench) {
    some_of_each(bench).await;
    for limit in [1, 2, 3, 9] {
        for (state, expected) in OF_EACH {
            let newest: Vec<_> = expected.iter().rev().copied().collect();
            assert_eq!(bench.listed(&of(state), Sort::Oldest, limit).await, expected, "{state:?}, {limit} a page");
            assert_eq!(bench.listed(&of(state), Sort::Newest, limit).await, newest, "{state:?}, {limit} a page");
            assert_eq!(bench.counted_rows(&of(state)).await, 2, "{state:?}");
            assert_eq!(of_caller(bench, Some(state), limit).await, newest, "{state:?}, {limit} a page");
        }
        let every: Vec<_> = (1..=8).collect();
        assert_eq!(bench.listed(&Selection::default(), Sort::Oldest, limit).await, every);
        assert_eq!(of_caller(bench, None, limit).await, every.into_iter().rev().collect::<Vec<_>>());
    }
    for (upstream, expected) in [("mx", [1, 2, 3, 4]), ("mg", [5, 6, 7, 8])] {
        let at = Selection { upstream: Some(upstream.into()), ..Selection::default() };
        assert_eq!(bench.listed(&at, Sort::Oldest, 9).await, expected);
    }
    let rows = bench.outbox.select(&Selection::default(), Sort::Oldest, None, 9).await.unwrap().rows;
    assert_eq!((rows[0].upstream.as_deref(), &rows[0].route_set), (Some("mx"), &None), "as in counts");
    assert!(rows[0].next_attempt_at.is_some() && rows[1].next_attempt_at.is_none());
    let last = |row: &Listed| row.last_attempt.as_ref().map(|last| last.upstream.clone());
    assert_eq!([last(&rows[1]).as_deref(), last(&rows[4]).as_deref()], [Some("mx"), Some("mg")]);
}

/// What a caller sees, page by page.
async fn of_caller(bench: &Bench, state: Option<State>, limit: usize) -> Vec<u128> {
    let (mut seen, mut after) = (Vec::new(), None);
    for _ in 0..20 {
        let page = bench.outbox.list(&"shop".into(), Filter { state }, after, limit).await.unwrap();
        assert!(
            page.tickets.len() <= limit && state.is_none_or(|state| page.tickets.iter().all(|one| one.state == state))
        );
        seen.extend(page.tickets.iter().map(|ticket| uuid::Uuid::from(ticket.id).as_u128()));
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
    panic!("the list does not end: {seen:?}");
}

pub(in super::super) async fn an_order_on_many_takes_mails_in_parts_as_it_takes_others(bench: &Bench) {
    some_of_each(bench).await;
    let start = bench.time.now().await;
    let as_none = OrderAll { over: 20 * SECOND, ..all(Order::SettleAsNone, State::Unknown, 2) };
    assert_eq!(bench.order_all(as_none, 1).await.changed, [(State::Queued, 2)]);
    let due = [bench.status(2).await, bench.status(5).await].map(|status| status.unwrap().next_attempt_at.unwrap());
    assert_eq!(due, [start, start.after(10 * SECOND)], "one after the other");
    assert_eq!(bench.claim_parts(node(1), 9).await.len(), 1, "its domain is looked at");
    assert_eq!(bench.order_all(all(Order::Cancel, State::Queued, 9), 2).await.changed, [(State::Cancelled, 3)]);
    assert_eq!(bench.counted("smsp_outbox_ended_total"), 3);
    assert_eq!(bench.parts_of(1).await, [(State::Cancelled, vec![0])]);
    assert_eq!(bench.state(3).await, Some(State::Sending), "it is under way");
}

pub(in super::super) async fn an_order_on_many_says_why_it_leaves_mails_in_parts_out(bench: &Bench) {
    bench.in_doubt(1).await;
    bench.in_doubt(2).await;
    bench.in_doubt(3).await;
    bench.advance(DAY).await;
    bench.in_doubt(4).await;
    bench.outbox.erase(&"shop".into(), id(4)).await.unwrap();
    bench.in_doubt(5).await;
    let accepted = Selection { accepted_before: Some(bench.time.now().await), ..of(State::Unknown) };
    let accepted = OrderAll { selection: accepted, ..all(Order::SettleAsAccepted, State::Unknown, 1) };
    assert_eq!(bench.order_all(accepted, 9).await.changed, [(State::Accepted, 1)]);
    bench.advance(DAY).await;
    let done = bench.order_all(all(Order::Retry, State::Unknown, 9), 2).await;
    assert_eq!((done.changed, done.over, done.content_gone), (vec![(State::Queued, 1)], 2, 1));
    assert!(bench.status(5).await.unwrap().ticket.possible_duplicate, "its server may have it");
    let mut changed = bench.order_all(all(Order::SettleAsNone, State::Unknown, 9), 9).await.changed;
    changed.sort_unstable_by_key(|(state, _)| *state as usize);
    assert_eq!(changed, [(State::Expired, 2), (State::Cancelled, 1)]);
}

//! Rows that operators mean: lists, counts, and orders on all of them.

use super::bench::*;

impl Bench {
    /// The numbers of all rows that fit, page by page.
    pub(super) async fn listed(&self, selection: &Selection, sort: Sort, limit: usize) -> Vec<u128> {
        let (mut all, mut after) = (Vec::new(), None);
        for _ in 0..99 {
            let Listing { rows, next } = self.outbox.select(selection, sort, after, limit).await.unwrap();
            assert!(rows.len() <= limit);
            all.extend(rows.iter().map(|row| uuid::Uuid::from(row.ticket.id).as_u128()));
            after = next;
            if after.is_none() {
                break;
            }
        }
        all
    }

    pub(super) async fn counted_rows(&self, selection: &Selection) -> u64 {
        let (mut rows, mut after) = (0, None);
        for _ in 0..99 {
            let CountedRows { rows: more, next } = self.outbox.count(selection, after).await.unwrap();
            rows += more;
            let Some(next) = next else { return rows };
            after = Some(next);
        }
        panic!("the count does not end");
    }

    /// All steps of an order, each of which changes so many rows.
    pub(super) async fn order_all(&self, mut all: OrderAll, rows: usize) -> OrderedAll {
        let mut done = OrderedAll::default();
        for _ in 0..99 {
            let step = self.outbox.order_all(all.clone(), Bound { rows, bytes: 1000 }).await.unwrap();
            assert!(step.met() <= rows as u64, "{step:?}");
            done = done.and(step);
            (all.met, all.after, all.note) = (done.met(), done.next.clone(), None);
            if all.after.is_none() {
                return done;
            }
        }
        panic!("the order does not end");
    }

    async fn all_left_unknown(&self, rows: Vec<NewRow>) {
        let count = rows.len();
        self.accept(rows).await;
        let claimed = self.claim(node(1), 99).await;
        assert_eq!(claimed.len(), count);
        for claimed in claimed {
            self.marked(&claimed.hold).await;
            self.end(&claimed.hold, unknown(DAY)).await;
        }
    }
}

pub(super) fn of(state: State) -> Selection {
    Selection { state: Some(state), ..Selection::default() }
}

pub(super) fn all(order: Order, state: State, count: u64) -> OrderAll {
    OrderAll { order, selection: of(state), after: None, count, met: 0, over: Duration::ZERO, note: None }
}

pub(in super::super) async fn rows_of_all_callers_are_listed_by_when_they_were_accepted(bench: &Bench) {
    for (caller, numbers) in [("shop", [1, 2]), ("other", [3, 4]), ("shop", [5, 6])] {
        bench.accept_as(caller, numbers.map(row).into()).await;
        bench.advance(SECOND).await;
    }
    bench.claim(node(1), 1).await;
    for limit in [1, 2, 3, 100] {
        assert_eq!(bench.listed(&Selection::default(), Sort::Oldest, limit).await, [1, 2, 3, 4, 5, 6], "{limit}");
        assert_eq!(bench.listed(&Selection::default(), Sort::Newest, limit).await, [6, 5, 4, 3, 2, 1], "{limit}");
        assert_eq!(bench.listed(&of(State::Claimed), Sort::Newest, limit).await, [1]);
    }
    assert_eq!(bench.listed(&of(State::Queued), Sort::Newest, 2).await, [6, 5, 4, 3, 2]);
    assert_eq!(bench.listed(&of(State::Parked), Sort::Newest, 2).await, [0; 0]);
}

pub(in super::super) async fn a_list_has_the_rows_that_fit_its_selection(bench: &Bench) {
    let start = bench.time.now().await;
    bench.all_left_unknown(vec![row(1), row(2)]).await;
    bench.advance(SECOND).await;
    let elsewhere = NewRow { from_domain: "Example.NET".into(), route_set: RouteSet::new(["pm"]), ..row(3) };
    bench.accept(vec![elsewhere, row(4)]).await;
    bench.accept_as("other", vec![row(5)]).await;
    bench.outbox.order(id(2), Order::Retry, note("retry")).await.unwrap();
    let any = Selection::default;
    for (selection, expected) in [
        (Selection { caller: Some("other".into()), ..any() }, &[5][..]),
        (Selection { caller: Some("nobody".into()), ..any() }, &[]),
        (Selection { from_domain: Some("example.net".into()), ..any() }, &[3]),
        (Selection { accepted_from: Some(start.after(SECOND)), ..any() }, &[3, 4, 5]),
        (Selection { accepted_before: Some(start.after(SECOND)), ..any() }, &[1, 2]),
        (Selection { accepted_from: Some(start), accepted_before: Some(start), ..any() }, &[]),
        (Selection { upstream: Some("ses".into()), ..any() }, &[2, 4, 5]),
        (Selection { upstream: Some("mg".into()), ..any() }, &[1, 2, 4, 5]),
        (Selection { upstream: Some("m".into()), ..any() }, &[]),
        (Selection { possible_duplicate: Some(true), ..any() }, &[2]),
        (Selection { possible_duplicate: Some(false), upstream: Some("mg".into()), ..of(State::Queued) }, &[4, 5]),
    ] {
        assert_eq!(bench.listed(&selection, Sort::Oldest, 2).await, expected, "{selection:?}");
        let newest_first: Vec<_> = expected.iter().rev().copied().collect();
        assert_eq!(bench.listed(&selection, Sort::Newest, 1).await, newest_first, "{selection:?}");
        let queued = Selection { state: Some(State::Queued), ..selection };
        assert_eq!(bench.counted_rows(&queued).await, bench.listed(&queued, Sort::Newest, 9).await.len() as u64);
    }
}

pub(in super::super) async fn a_listed_row_says_where_it_is_and_what_its_last_attempt_came_to(bench: &Bench) {
    let start = bench.time.now().await;
    bench.all_left_unknown(vec![row(1)]).await;
    bench.accept(vec![row(2)]).await;
    let hold = bench.claim_one(node(1)).await;
    bench.marked(&hold).await;
    bench.end(&hold, again(SECOND)).await;
    let rows = bench.outbox.select(&Selection::default(), Sort::Oldest, None, 9).await.unwrap().rows;
    let [unknown, queued] = &rows[..] else { panic!("{rows:?}") };
    let last = |row: &Listed| {
        let last = row.last_attempt.clone().expect("an attempt");
        (last.upstream, last.outcome, last.reason)
    };
    let words = |outcome: &str| ("mg".to_owned(), Some(outcome.to_owned()), Some("http_0".to_owned()));
    assert_eq!((unknown.ticket.state, unknown.caller.as_str()), (State::Unknown, "shop"));
    assert_eq!((unknown.upstream.as_deref(), &unknown.route_set, last(unknown)), (Some("mg"), &None, words("unknown")));
    assert_eq!((&queued.upstream, &queued.route_set, last(queued)), (&None, &Some(set()), words("unavailable")));
    assert_eq!((queued.next_attempt_at, unknown.next_attempt_at), (Some(start.after(SECOND)), None));
    assert_eq!(queued.from_domain, "example.org");
}

pub(in super::super) async fn rows_that_fit_are_counted_of_many_callers_in_one_step(bench: &Bench) {
    for (caller, numbers) in [("shop", [1, 2]), ("other", [3, 4]), ("third", [5, 6])] {
        bench.accept_as(caller, numbers.map(row).into()).await;
    }
    let none = Selection { from_domain: Some("example.com".into()), ..of(State::Queued) };
    for (selection, rows) in [(of(State::Queued), 6), (of(State::Parked), 0), (none, 0)] {
        let counted = bench.outbox.count(&selection, None).await.unwrap();
        assert_eq!(counted, CountedRows { rows, next: None }, "{selection:?}");
    }
    let behind = Walked { caller: "shop".into(), place: Place { accepted_at: UnixTime(i64::MAX), row: RowId(0) } };
    assert_eq!(bench.outbox.count(&of(State::Queued), Some(behind)).await.unwrap().rows, 2, "of the third");
    assert_eq!(bench.counted_rows(&Selection { caller: Some("third".into()), ..of(State::Queued) }).await, 2);
    assert_eq!(bench.counted_rows(&Selection::default()).await, 0, "a count is of one state");
}

pub(in super::super) async fn an_order_on_many_meets_no_more_rows_than_it_names(bench: &Bench) {
    bench.accept((1..=5).map(row).collect()).await;
    bench.accept_as("other", vec![row(6), row(7)]).await;
    let cancel = |count| all(Order::Cancel, State::Queued, count);
    for rows in [1, 2, 9] {
        let done = bench.order_all(cancel(2), rows).await;
        assert_eq!(done.changed, [(State::Cancelled, 2)], "in steps of {rows}");
    }
    assert_eq!(bench.counted_rows(&of(State::Queued)).await, 1);
    assert_eq!(bench.order_all(cancel(0), 9).await, OrderedAll::default());
    let other = Selection { caller: Some("other".into()), ..of(State::Queued) };
    let none =
        bench.order_all(OrderAll { selection: Selection { from_domain: Some("x".into()), ..other }, ..cancel(9) }, 9);
    assert_eq!(none.await, OrderedAll::default());
    assert_eq!(bench.order_all(cancel(9), 1).await.changed, [(State::Cancelled, 1)]);
    let freed: u64 = bench.outbox.counts().await.unwrap().iter().map(|count| count.bytes).sum();
    assert_eq!(freed, 0, "their contents are gone");
}

pub(in super::super) async fn an_order_on_many_says_what_it_has_left_out_and_why(bench: &Bench) {
    let soon_over = NewRow { expires: When::After(SECOND), ..row(2) };
    bench.all_left_unknown(vec![row(1), soon_over, row(3)]).await;
    bench.advance(SECOND).await;
    bench.outbox.erase(&"shop".into(), id(3)).await.unwrap();
    let done = bench.order_all(all(Order::Retry, State::Unknown, 9), 2).await;
    assert_eq!((done.changed, done.over, done.content_gone), (vec![(State::Queued, 1)], 1, 1));
    let states = [bench.state(1).await, bench.state(2).await, bench.state(3).await];
    assert_eq!(states, [State::Queued, State::Unknown, State::Unknown].map(Some));
    assert!(bench.status(1).await.unwrap().ticket.possible_duplicate, "a provider may have it");
}

pub(in super::super) async fn retried_rows_become_due_one_after_the_other(bench: &Bench) {
    let start = bench.time.now().await;
    bench.accept((1..=4).map(row).collect()).await;
    bench.accept(vec![NewRow { expires: When::After(20 * SECOND), ..row(5) }]).await;
    bench.outbox.accept_restore(100, note("accept_restore")).await.unwrap();
    let retry = OrderAll { over: 50 * SECOND, ..all(Order::Retry, State::Parked, 5) };
    assert_eq!(bench.order_all(retry, 2).await.changed, [(State::Queued, 5)]);
    let mut due = Vec::new();
    for number in 1..=5 {
        due.push(bench.status(number).await.unwrap().next_attempt_at.unwrap().since(start).as_secs());
    }
    assert_eq!(due, [0, 10, 20, 30, 0], "the last one would have expired before its turn");
}

pub(in super::super) async fn rows_that_are_settled_together_end_or_wait_as_each_would_alone(bench: &Bench) {
    let start = bench.time.now().await;
    let soon_over = NewRow { expires: When::After(SECOND), ..row(2) };
    bench.all_left_unknown(vec![row(1), soon_over, row(3), row(4), row(5)]).await;
    bench.advance(SECOND).await;
    bench.outbox.erase(&"shop".into(), id(3)).await.unwrap();
    let as_none = OrderAll { over: 10 * SECOND, ..all(Order::SettleAsNone, State::Unknown, 4) };
    let mut changed = bench.order_all(as_none, 9).await.changed;
    changed.sort_unstable_by_key(|(state, _)| *state as usize);
    assert_eq!(changed, [(State::Queued, 2), (State::Expired, 1), (State::Cancelled, 1)]);
    let due = bench.status(4).await.unwrap().next_attempt_at.unwrap();
    assert!(due > start.after(SECOND) && due < start.after(11 * SECOND), "it has its turn: {due}");
    assert!(!bench.status(4).await.unwrap().ticket.possible_duplicate);
    let accepted = bench.order_all(all(Order::SettleAsAccepted, State::Unknown, 9), 9).await;
    assert_eq!((accepted.changed, bench.state(5).await), (vec![(State::Accepted, 1)], Some(State::Accepted)));
    assert_eq!(bench.counted("smsp_outbox_ended_total"), 3);
}

pub(in super::super) async fn an_order_on_many_is_kept_once_with_who_gave_it(bench: &Bench) {
    bench.accept((1..=3).map(row).collect()).await;
    let cancel = OrderAll { note: Some(note("cancel_all")), ..all(Order::Cancel, State::Queued, 3) };
    assert_eq!(bench.order_all(cancel, 1).await.met(), 3);
    let kept = bench.outbox.audit(None, 9).await.unwrap();
    assert_eq!(kept.iter().map(|one| one.note.clone()).collect::<Vec<_>>(), [note("cancel_all")]);
}

/// In a store with 2,500 parked rows of one caller, of which the 2,100th is from `rare.example`.
pub(in super::super) async fn what_rarely_fits_is_found_step_by_step(outbox: &dyn Outbox) {
    let rare = Selection { from_domain: Some("rare.example".into()), ..of(State::Parked) };
    let (mut pages, mut after) = (Vec::new(), None);
    for _ in 0..20 {
        let Listing { rows, next } = outbox.select(&rare, Sort::Oldest, after, 5).await.unwrap();
        pages.push(rows.len());
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(pages, [0, 0, 1], "a thousand rows a page");
    let (mut counts, mut after) = (Vec::new(), None);
    for _ in 0..20 {
        let CountedRows { rows, next } = outbox.count(&rare, after).await.unwrap();
        counts.push(rows);
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(counts, [0, 0, 1], "a thousand rows a step");
    assert_eq!(outbox.count(&of(State::Parked), None).await.unwrap(), CountedRows { rows: 2500, next: None });
    let mut cancel = OrderAll { selection: rare, ..all(Order::Cancel, State::Parked, 2) };
    let (mut steps, mut done) = (0, OrderedAll::default());
    loop {
        let step = outbox.order_all(cancel.clone(), ALL).await.unwrap();
        (steps, done) = (steps + 1, done.and(step));
        (cancel.met, cancel.after) = (done.met(), done.next.clone());
        if cancel.after.is_none() {
            break;
        }
    }
    assert_eq!((steps, done.changed), (3, vec![(State::Cancelled, 1)]));
}

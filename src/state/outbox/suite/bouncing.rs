//! Bounces: when one is due, of whom, and that it is taken in once.

use super::bench::*;
use super::parting::{split, told};
use super::parts_late::taken_for;

/// A mail whose sender has an address for bounces.
fn bouncing(number: u8) -> NewRow {
    NewRow { bounces: true, route_set: RouteSet::new(["mg", "mx", "ses"]), ..row(number) }
}

/// A bounce of this number, for which there is room or not.
fn bounce(number: u8, room: Room) -> Batch {
    Batch {
        withdrawal: Withdrawal::default(),
        caller: "_bounces".into(),
        rows: vec![row(number)],
        atomic: false,
        room,
        callers_room: room,
    }
}

impl Bench {
    async fn due(&self) -> Vec<DueBounce> {
        self.parts.due_bounces(9).await.unwrap()
    }

    /// The only one, and the places and states that it is to tell of.
    async fn one_due(&self) -> (Told, Vec<(State, Vec<u32>)>) {
        let due = self.due().await;
        assert_eq!(due.len(), 1);
        let mut parts: Vec<_> = due[0].parts.iter().map(|part| (part.state, part.places.clone())).collect();
        parts.sort_by_key(|(_, places)| places.clone());
        (due[0].told(), parts)
    }

    async fn take(&self, told: &Told, number: u8) -> Bounced {
        self.parts.queue_bounce(told, bounce(number, ROOM)).await.unwrap()
    }

    /// This mail in its two parts, both marked by node 1.
    async fn bouncing_parts(&self, number: u8) -> [PartHold; 2] {
        self.accept(vec![bouncing(number)]).await;
        self.split_bouncing().await
    }

    async fn split_bouncing(&self) -> [PartHold; 2] {
        let wanted = Wanted { sets: vec![RouteSet::new(["mg", "mx", "ses"])], ..wanted(1) };
        let hold = self.outbox.claim(node(1), &wanted).await.unwrap()[0].hold;
        assert_eq!(self.parts.split(&hold, &split()).await, Ok(true));
        let parts = self.both_claimed().await;
        for part in &parts {
            assert_eq!(self.parts.mark_part(part).await, Ok(true));
        }
        parts
    }
}

pub(in super::super) async fn a_bounce_is_due_at_the_end_of_a_mail_and_is_taken_in_once(bench: &Bench) {
    let [one, other] = bench.bouncing_parts(1).await;
    bench.end_part(&one, &told(&[(0, PartTo::Refused)])).await;
    assert_eq!(bench.due().await.len(), 0, "others are on their way");
    assert!(bench.parts.bounce_of(one.part).await.unwrap().is_none());
    let mixed = told(&[(1, PartTo::Accepted), (2, PartTo::Refused), (4, PartTo::Refused)]);
    assert_eq!(bench.end_part(&other, &mixed).await, Some(State::Accepted));
    let (due, parts) = bench.one_due().await;
    assert_eq!(parts, [(State::Refused, vec![0]), (State::Refused, vec![2, 4])], "and who has it is not told of");
    let of_part = bench.parts.bounce_of(other.part).await.unwrap().unwrap();
    assert_eq!((of_part.id, of_part.told(), of_part.content.is_some()), (id(1), due.clone(), false));
    assert!(of_part.recipients.is_some() && of_part.parts.iter().all(|part| part.verdicts.len() == part.places.len()));
    assert!(of_part.parts[0].tried_at.is_some());
    let full = Room { rows: 0, bytes: 0 };
    assert_eq!(bench.parts.queue_bounce(&due, bounce(9, full)).await, Ok(Bounced::NoRoom));
    assert_eq!(bench.parts.put_off_bounce(due.row, 60 * SECOND).await, Ok(()));
    assert_eq!(bench.due().await.len(), 0);
    bench.advance(60 * SECOND).await;
    assert_eq!(bench.one_due().await.0, due);
    // Two nodes at the same moment, each with a bounce of its own.
    let (first, second) = tokio::join!(bench.take(&due, 9), bench.take(&due, 10));
    let mut both = [first, second];
    both.sort_by_key(|bounced| *bounced as u8);
    assert_eq!(both, [Bounced::Queued, Bounced::NotDue]);
    bench.advance(DAY).await;
    assert_eq!(bench.due().await.len(), 0);
    let counts = bench.outbox.counts().await.unwrap();
    assert_eq!(counts.iter().filter(|count| count.state == State::Queued).map(|count| count.rows).sum::<u64>(), 1);
}

pub(in super::super) async fn what_fails_while_others_wait_is_collected_for_a_part_of_the_age_of_the_mail(
    bench: &Bench,
) {
    let [one, other] = bench.bouncing_parts(1).await;
    bench.end_part(&one, &told(&[(0, PartTo::Refused)])).await;
    bench.end_part(&other, &told(&[(1, PartTo::Again), (2, PartTo::Again), (4, PartTo::Again)])).await;
    bench.advance(29 * SECOND).await;
    assert_eq!(bench.due().await.len(), 0);
    bench.advance(2 * SECOND).await;
    let (due, parts) = bench.one_due().await;
    assert_eq!(parts, [(State::Refused, vec![0])]);
    assert!(bench.due().await[0].content.is_some(), "it is there while others wait");
    assert_eq!(bench.take(&due, 9).await, Bounced::Queued);
    assert_eq!(bench.take(&due, 10).await, Bounced::NotDue, "told");
    // The next one of a mail of a day is not due before a quarter of that.
    bench.advance(DAY).await;
    let part = bench.parts.claim_parts(node(1), &super::parting::wanted_parts(9)).await.unwrap()[0].hold;
    assert_eq!(bench.parts.mark_part(&part).await, Ok(true));
    let mixed = told(&[(1, PartTo::Refused), (2, PartTo::Again), (4, PartTo::Refused)]);
    bench.end_part(&part, &mixed).await;
    bench.advance(5 * 3600 * SECOND).await;
    assert_eq!(bench.due().await.len(), 0);
    bench.advance(2 * 3600 * SECOND).await;
    assert_eq!(bench.one_due().await.1, [(State::Refused, vec![1, 4])], "and nobody twice");
    // The time of the last one is over: at once, with those before.
    bench.advance(DAY).await;
    bench.sweep(ALL).await.unwrap();
    let (due, parts) = bench.one_due().await;
    assert_eq!(parts, [(State::Refused, vec![1, 4]), (State::Expired, vec![2])]);
    assert_eq!(bench.take(&due, 11).await, Bounced::Queued);
    assert_eq!(bench.due().await.len(), 0);
}

pub(in super::super) async fn nobody_is_told_of_who_may_have_it_or_is_cancelled_or_erased(bench: &Bench) {
    // In doubt, and not in doubt any more.
    let [one, other] = bench.bouncing_parts(1).await;
    bench.end_part(&one, &told(&[])).await;
    bench.end_part(&other, &told(&[(1, PartTo::Accepted), (2, PartTo::Accepted), (4, PartTo::Accepted)])).await;
    bench.advance(3600 * SECOND).await;
    assert_eq!((bench.state(1).await, bench.due().await.len()), (Some(State::Unknown), 0));
    // A risk of a copy that somebody has.
    assert!(matches!(bench.outbox.order(id(1), Order::Retry, note("retry")).await, Ok(Ordered::Done(_))));
    let part = bench.parts.claim_parts(node(1), &super::parting::wanted_parts(9)).await.unwrap()[0].hold;
    assert_eq!(bench.parts.mark_part(&part).await, Ok(true));
    bench.end_part(&part, &told(&[(0, PartTo::Refused)])).await;
    bench.advance(3600 * SECOND).await;
    assert_eq!(bench.due().await.len(), 0, "the first hand-over may have been taken");
    // Cancelled while one is refused: that one alone is told of. Erased: nobody.
    for (number, erased) in [(2, false), (3, true), (4, true)] {
        let [one, other] = bench.bouncing_parts(number).await;
        bench.end_part(&other, &told(&[(1, PartTo::Refused), (2, PartTo::Refused), (4, PartTo::Refused)])).await;
        bench.end_part(&one, &told(&[(0, PartTo::Again)])).await;
        match number {
            2 => assert!(matches!(bench.outbox.cancel(&"shop".into(), id(2)).await, Ok(Change::Cancelled(_)))),
            3 => assert!(matches!(bench.outbox.erase(&"shop".into(), id(3)).await, Ok(Change::Cancelled(_)))),
            _ => assert_eq!(bench.erase_recipient(number).await.0, 1),
        }
        bench.advance(3600 * SECOND).await;
        if erased {
            assert_eq!(bench.due().await.len(), 0, "{number}");
        } else {
            let (due, parts) = bench.one_due().await;
            assert_eq!(parts, [(State::Refused, vec![1, 2, 4])]);
            // It is erased between the look and the bounce.
            assert!(matches!(bench.outbox.erase(&"shop".into(), id(2)).await, Ok(Change::Done(_))));
            assert_eq!(bench.take(&due, 9).await, Bounced::NotDue);
        }
    }
}

pub(in super::super) async fn nobody_is_told_of_a_mail_that_a_provider_has_after_all(bench: &Bench) {
    let (yes, no) = (told(&[(0, PartTo::Accepted)]), told(&[(0, PartTo::Refused)]));
    let mixed = told(&[(1, PartTo::Accepted), (2, PartTo::Refused), (4, PartTo::Again)]);
    let all_no = told(&[1, 2, 4].map(|place| (place, PartTo::Refused)));
    // So many parts have ended before the provider's late answer.
    for (number, before, first, second) in
        [(1, 0, &no, &mixed), (2, 1, &no, &all_no), (3, 2, &no, &all_no), (4, 2, &yes, &all_no)]
    {
        let (by_provider, parts) = bench.split_behind_a_provider(bouncing(number)).await;
        for part in &parts {
            assert_eq!(bench.parts.mark_part(part).await, Ok(true));
        }
        for (place, (part, end)) in parts.iter().zip([first, second]).enumerate() {
            if place == before {
                bench.end(&by_provider, accepted()).await;
            }
            bench.end_part(part, end).await;
        }
        if before == 2 {
            assert_eq!(bench.due().await.len(), 1, "as far as is known");
            bench.end(&by_provider, accepted()).await;
        }
        bench.advance(3600 * SECOND).await;
        assert_eq!(bench.due().await.len(), 0, "{number}");
        let status = bench.status(number.into()).await.unwrap();
        let nobody_has = |verdict: &RecipientVerdict| verdict.outcome == Outcome::MessageRejected;
        assert!(!status.of_recipients().iter().any(nobody_has), "{number}");
        assert!(status.ticket.possible_duplicate, "{number}");
    }
}

pub(in super::super) async fn who_is_refused_is_told_of_though_a_provider_has_the_mail_for_others_after_all(
    bench: &Bench,
) {
    let (by_provider, [one, other]) = bench.split_behind_a_provider(bouncing(1)).await;
    for part in [&one, &other] {
        assert_eq!(bench.parts.mark_part(part).await, Ok(true));
    }
    bench.end_part(&one, &told(&[(0, PartTo::Accepted)])).await;
    bench.end_part(&other, &told(&[1, 2, 4].map(|place| (place, PartTo::Refused)))).await;
    let (before, _) = bench.one_due().await;
    assert_eq!(bench.end(&by_provider, taken_for(&[2])).await, None, "it has ended");
    assert_eq!(bench.take(&before, 9).await, Bounced::NotDue, "it would tell of one that has the mail");
    let (due, parts) = bench.one_due().await;
    assert_eq!(parts, [(State::Refused, vec![1, 4])]);
    assert_eq!(bench.take(&due, 9).await, Bounced::Queued);
}

pub(in super::super) async fn the_bounce_of_a_mail_that_rests_in_doubt_is_due_at_once(bench: &Bench) {
    let refused = told(&[1, 2, 4].map(|place| (place, PartTo::Refused)));
    for number in [1, 2] {
        let [one, other] = bench.bouncing_parts(number).await;
        bench.advance(DAY).await;
        let mut ends = [(&one, told(&[])), (&other, refused.clone())];
        ends.rotate_left(usize::from(number - 1));
        bench.end_part(ends[0].0, &ends[0].1).await;
        assert_eq!(bench.end_part(ends[1].0, &ends[1].1).await, Some(State::Unknown));
        let (due, parts) = bench.one_due().await;
        assert_eq!(parts, [(State::Refused, vec![1, 2, 4])], "nothing else will fail");
        assert_eq!(bench.take(&due, number + 10).await, Bounced::Queued);
    }
}

pub(in super::super) async fn a_mail_that_is_over_before_it_was_split_is_told_of_where_its_route_ends_at_mx(
    bench: &Bench,
) {
    let short = |mail: NewRow| NewRow { expires: When::After(SECOND), ..mail };
    let by_providers = NewRow { bounces: true, ..row(2) };
    bench.accept(vec![short(bouncing(1)), short(by_providers), short(NewRow { bounces: false, ..bouncing(3) })]).await;
    bench.advance(SECOND).await;
    bench.sweep(ALL).await.unwrap();
    let (due, parts) = bench.one_due().await;
    assert_eq!((parts.len(), bench.due().await[0].id), (0, id(1)), "all of it");
    assert_eq!(bench.take(&due, 9).await, Bounced::Queued);
    assert_eq!(bench.take(&due, 10).await, Bounced::NotDue);
    assert_eq!(bench.due().await.len(), 0);
}

pub(in super::super) async fn a_mail_that_people_settle_when_its_time_is_over_is_told_of_as_any_other(bench: &Bench) {
    let wanted = Wanted { sets: vec![RouteSet::new(["mg", "mx", "ses"])], ..wanted(1) };
    for number in [1, 2] {
        bench.accept(vec![NewRow { expires: When::After(SECOND), ..bouncing(number) }]).await;
        let hold = bench.outbox.claim(node(1), &wanted).await.unwrap()[0].hold;
        assert!(bench.marked(&hold).await);
        bench.end(&hold, unknown(Duration::ZERO)).await;
    }
    bench.advance(SECOND).await;
    let order = bench.outbox.order(id(1), Order::SettleAsNone, note("settle")).await;
    assert_eq!(order, Ok(Ordered::Done(State::Expired)));
    assert_eq!((bench.one_due().await.1.len(), bench.due().await[0].id), (0, id(1)));
    let selection = Selection { state: Some(State::Unknown), ..Selection::default() };
    let (order, count) = (Order::SettleAsNone, 1);
    let all = OrderAll { order, selection, after: None, count, met: 0, over: Duration::ZERO, note: None };
    assert_eq!(bench.outbox.order_all(all, ALL).await.unwrap().changed, [(State::Expired, 1)]);
    assert_eq!(bench.due().await.len(), 2);
}

pub(in super::super) async fn what_fails_is_collected_from_when_the_mail_was_wanted_on(bench: &Bench) {
    bench.accept(vec![NewRow { send: When::After(DAY), ..bouncing(1) }]).await;
    bench.advance(DAY).await;
    let [one, other] = bench.split_bouncing().await;
    bench.end_part(&one, &told(&[(0, PartTo::Refused)])).await;
    bench.end_part(&other, &told(&[(1, PartTo::Again), (2, PartTo::Again), (4, PartTo::Again)])).await;
    bench.advance(29 * SECOND).await;
    assert_eq!(bench.due().await.len(), 0);
    bench.advance(2 * SECOND).await;
    assert_eq!(bench.due().await.len(), 1, "it waited for a day because its caller wanted that");
}

pub(in super::super) async fn what_is_due_in_an_older_copy_is_not_told_twice(bench: &Bench) {
    let [one, other] = bench.bouncing_parts(1).await;
    bench.end_part(&one, &told(&[(0, PartTo::Refused)])).await;
    bench.end_part(&other, &told(&[(1, PartTo::Refused), (2, PartTo::Refused), (4, PartTo::Refused)])).await;
    let (due, _) = bench.one_due().await;
    bench.past.lose(1).await;
    assert_eq!(bench.take(&due, 9).await, Bounced::NotDue, "it may have been told after the copy was made");
    bench.outbox.accept_restore(100, note("restore")).await.unwrap();
    assert_eq!(bench.due().await.len(), 0);
    assert_eq!(bench.take(&due, 9).await, Bounced::NotDue);
}

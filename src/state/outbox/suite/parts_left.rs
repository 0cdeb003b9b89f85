//! Mail in parts that dead nodes, time, people and older copies change.

use super::bench::*;
use super::parting::{domain, new_part, of_recipient, split, told, wanted_parts};

pub(in super::super) async fn what_dead_nodes_had_of_parts_waits_or_is_unknown_and_a_late_verdict_counts(
    bench: &Bench,
) {
    let [one, other] = bench.one_split().await;
    assert_eq!(bench.parts.mark_part(&one).await, Ok(true));
    bench.advance(SILENCE).await;
    let buried = bench.bury().await.unwrap();
    assert_eq!((buried.queued, buried.unknown, buried.parked), (1, 1, 0));
    assert_eq!(bench.parts_of(1).await, [(State::Unknown, vec![0]), (State::Queued, vec![1, 2, 4])]);
    assert_eq!(bench.parts.mark_part(&other).await, Ok(false));
    assert_eq!(bench.end_part(&one, &told(&[(0, PartTo::Accepted)])).await, Some(State::Queued));
    let late: Vec<_> = bench.status(1).await.unwrap().attempts.iter().map(|tried| tried.late).collect();
    assert_eq!(late, [true]);
    let alone = bench.claim_parts(node(2), 9).await;
    assert!(alone.len() == 1 && alone[0].was_lost);
}

pub(in super::super) async fn a_part_is_parked_at_the_third_loss_and_retried_by_order(bench: &Bench) {
    let hold = bench.one_claimed().await;
    let one = Split { parts: vec![new_part(1, &[0])], ..split() };
    assert_eq!(bench.parts.split(&hold, &one).await, Ok(true));
    for state in [State::Queued, State::Queued, State::Parked] {
        let part = bench.claim_parts(node(1), 9).await[0].hold;
        assert_eq!(bench.end_part(&part, &PartEnded::Lost { wait: Duration::ZERO }).await, Some(state));
    }
    assert_eq!(bench.claim_parts(node(1), 9).await.len(), 0);
    assert_eq!(bench.outbox.order(id(1), Order::Retry, note("retry")).await, Ok(Ordered::Done(State::Queued)));
    let part = bench.claim_parts(node(1), 9).await[0].hold;
    assert_eq!(bench.parts.mark_part(&part).await, Ok(true));
    assert_eq!(bench.end_part(&part, &told(&[])).await, Some(State::Unknown));
    assert_eq!(bench.outbox.order(id(1), Order::Retry, note("retry")).await, Ok(Ordered::Done(State::Queued)));
    assert!(bench.status(1).await.unwrap().ticket.possible_duplicate, "a person has decided so");
    let again = bench.claim_parts(node(1), 9).await[0].hold;
    let late = told(&[(0, PartTo::Accepted)]);
    assert_eq!(bench.end_part(&part, &late).await, Some(State::Accepted), "under any claim");
    assert_eq!(bench.parts.mark_part(&again).await, Ok(false));
}

pub(in super::super) async fn that_a_part_is_parked_is_told_though_others_of_its_mail_wait(bench: &Bench) {
    let [mut part, other] = bench.one_split().await;
    assert_eq!(bench.parts.give_back_parts(&[other], DAY).await, Ok(1));
    let lost = PartEnded::Lost { wait: Duration::ZERO };
    for state in [State::Queued, State::Queued] {
        assert_eq!(bench.end_part(&part, &lost).await, Some(state));
        part = bench.claim_parts(node(1), 9).await[0].hold;
    }
    for _ in 0..2 {
        assert_eq!(bench.end_part(&part, &lost).await, Some(State::Parked), "asked once more, it says the same");
    }
    assert_eq!(bench.parts_of(1).await, [(State::Parked, vec![0]), (State::Queued, vec![1, 2, 4])]);
    assert_eq!(bench.state(1).await, Some(State::Queued));
}

pub(in super::super) async fn domains_take_turns_and_a_closed_one_waits(bench: &Bench) {
    for number in 1..=6 {
        bench.accept(vec![row(number)]).await;
    }
    for (number, held) in (1..).zip(bench.claim(node(1), 9).await) {
        // Four to the first domain, one each to two others.
        let domain = if number <= 4 { 1 } else { number };
        let one = Split { parts: vec![new_part(domain, &[0])], ..split() };
        assert_eq!(bench.parts.split(&held.hold, &one).await, Ok(true));
    }
    let wanted = WantedParts { of_domain: 2, ..wanted_parts(9) };
    let claimed = bench.parts.claim_parts(node(1), &wanted).await.unwrap();
    let of = |number: u8, parts: &[ClaimedPart]| parts.iter().filter(|part| part.domain == domain(number)).count();
    assert_eq!([1, 5, 6].map(|number| of(number, &claimed)), [2, 1, 1]);
    assert_eq!(bench.parts.claim_parts(node(1), &wanted).await.unwrap().len(), 0, "the node has as many as it may");
    assert_eq!(bench.parts.close_domain(&domain(1), 10 * SECOND).await, Ok(()));
    let holds: Vec<_> = claimed.iter().map(|part| part.hold).collect();
    assert_eq!(bench.parts.give_back_parts(&holds, Duration::ZERO).await, Ok(4));
    let open = bench.claim_parts(node(2), 9).await;
    assert_eq!([1, 5, 6].map(|number| of(number, &open)), [0, 1, 1]);
    bench.advance(10 * SECOND).await;
    assert_eq!(of(1, &bench.claim_parts(node(2), 9).await), 4);
    assert_eq!(bench.parts.close_domain(&domain(1), Duration::ZERO).await, Ok(()), "it is open");
}

pub(in super::super) async fn a_domain_stays_closed_for_as_long_as_any_node_has_closed_it_until_one_opens_it(
    bench: &Bench,
) {
    let part = bench.in_one_part(1).await;
    assert_eq!(bench.parts.give_back_parts(&[part], Duration::ZERO).await, Ok(1));
    for wait in [60 * SECOND, SECOND] {
        assert_eq!(bench.parts.close_domain(&domain(1), wait).await, Ok(()));
    }
    bench.advance(2 * SECOND).await;
    assert_eq!(bench.claim_parts(node(1), 9).await.len(), 0, "the shorter closing has not shortened the longer one");
    bench.advance(58 * SECOND).await;
    let [part] = &bench.claim_parts(node(1), 9).await[..] else { panic!("it is over") };
    assert_eq!(bench.parts.give_back_parts(&[part.hold], Duration::ZERO).await, Ok(1));
    for wait in [60 * SECOND, Duration::ZERO] {
        assert_eq!(bench.parts.close_domain(&domain(1), wait).await, Ok(()));
    }
    let [part] = &bench.claim_parts(node(1), 9).await[..] else { panic!("it was opened") };
    assert_eq!(bench.parts.give_back_parts(&[part.hold], Duration::ZERO).await, Ok(1));
    // By who has closed it for less than another one, and by who has closed it.
    assert_eq!(bench.parts.close_domain(&domain(1), 60 * SECOND).await, Ok(()));
    for (closed_for, open) in [(59 * SECOND, 0), (60 * SECOND, 1)] {
        assert_eq!(bench.parts.open_domain(&domain(1), closed_for).await, Ok(()));
        assert_eq!(bench.claim_parts(node(1), 9).await.len(), open, "{closed_for:?}");
    }
}

pub(in super::super) async fn what_waits_of_a_mail_in_parts_is_cancelled_erased_and_expired(bench: &Bench) {
    let [one, other] = bench.one_split().await;
    assert_eq!(bench.parts.mark_part(&one).await, Ok(true));
    let shop = "shop".into();
    let cancel = || bench.outbox.cancel(&shop, id(1));
    assert!(matches!(cancel().await, Ok(Change::Conflict(_))), "a part is under way");
    bench.end_part(&one, &told(&[(0, PartTo::Accepted)])).await;
    assert!(matches!(cancel().await, Ok(Change::Cancelled(_))));
    assert_eq!(bench.parts_of(1).await, [(State::Accepted, vec![0]), (State::Cancelled, vec![1, 2, 4])]);
    assert_eq!(bench.state(1).await, Some(State::Accepted));
    assert_eq!(bench.parts.mark_part(&other).await, Ok(false));
    // Erased while a part is under way: that goes no further.
    bench.accept(vec![row(2)]).await;
    let hold = bench.claim_one(node(1)).await;
    assert_eq!(bench.parts.split(&hold, &split()).await, Ok(true));
    let [one, _] = bench.both_claimed().await;
    assert_eq!(bench.parts.mark_part(&one).await, Ok(true));
    bench.erase_recipient(2).await;
    assert_eq!(bench.parts_of(2).await, [(State::Sending, vec![0]), (State::Cancelled, vec![1, 2, 4])]);
    assert_eq!(bench.end_part(&one, &told(&[(0, PartTo::Again)])).await, Some(State::Cancelled));
    // The time of the third one is over for one part, the other is in doubt.
    bench.accept(vec![row(3)]).await;
    let hold = bench.claim_one(node(1)).await;
    assert_eq!(bench.parts.split(&hold, &split()).await, Ok(true));
    let [one, other] = bench.both_claimed().await;
    assert_eq!(bench.parts.mark_part(&one).await, Ok(true));
    bench.end_part(&one, &told(&[])).await;
    bench.end_part(&other, &told(&[])).await;
    bench.advance(2 * DAY).await;
    bench.sweep(ALL).await.unwrap();
    assert_eq!(bench.parts_of(3).await, [(State::Unknown, vec![0]), (State::Expired, vec![1, 2, 4])]);
    assert_eq!(bench.state(3).await, Some(State::Unknown));
    assert_eq!(bench.outbox.order(id(3), Order::SettleAsNone, note("none")).await, Ok(Ordered::Done(State::Expired)));
}

pub(in super::super) async fn what_is_erased_names_no_server_of_a_recipient(bench: &Bench) {
    for number in 1..=2 {
        bench.accept(vec![row(number)]).await;
        let hold = bench.claim_one(node(1)).await;
        assert_eq!(bench.parts.split(&hold, &split()).await, Ok(true));
        let [one, other] = bench.both_claimed().await;
        for part in [&one, &other] {
            assert_eq!(bench.parts.mark_part(part).await, Ok(true));
        }
        let mixed = told(&[(1, PartTo::Accepted), (2, PartTo::Again), (4, PartTo::Refused)]);
        bench.end_part(&other, &mixed).await;
        let late = told(&[(0, PartTo::Refused)]);
        if number == 1 {
            bench.end_part(&one, &late).await;
            assert!(matches!(bench.outbox.erase(&"shop".into(), id(1)).await, Ok(Change::Cancelled(_))));
        } else {
            bench.erase_recipient(2).await;
            assert_eq!(bench.end_part(&one, &late).await, Some(State::Accepted), "it was under way");
        }
        let parts = bench.status(number.into()).await.unwrap().parts;
        let mut seen: Vec<_> = parts.into_iter().flat_map(|part| part.verdicts).collect();
        seen.sort_by_key(|verdict| verdict.place);
        let expected = [(0, PartTo::Refused), (1, PartTo::Accepted), (2, PartTo::Again), (4, PartTo::Refused)];
        let expected = expected.map(|(place, to)| PartVerdict { host: None, ..of_recipient(place, to) });
        assert_eq!(seen, expected, "all else stays");
    }
}

pub(in super::super) async fn a_mail_in_parts_is_kept_until_nothing_of_it_waits_and_counted_where_its_parts_are(
    bench: &Bench,
) {
    let expires = When::After(20 * DAY);
    bench.accept(vec![NewRow { expires, ..row(1) }]).await;
    let hold = bench.claim_one(node(1)).await;
    assert_eq!(bench.parts.split(&hold, &split()).await, Ok(true));
    let [one, other] = bench.both_claimed().await;
    assert_eq!(bench.parts.mark_part(&one).await, Ok(true));
    bench.end_part(&one, &told(&[])).await;
    let wait = PartEnded::Told { verdicts: Vec::new(), wait: 9 * DAY, counted: true, took: None };
    bench.end_part(&other, &wait).await;
    let counts = bench.outbox.counts().await.unwrap();
    let seen: Vec<_> = counts.iter().map(|count| (count.state, count.upstream.as_deref(), count.rows)).collect();
    assert_eq!(seen, [(State::Queued, Some("mx"), 1)]);
    assert!(counts[0].oldest.is_some() && counts[0].bytes == 100 && counts[0].route_set.is_none());
    bench.advance(KEEP + DAY).await;
    assert_eq!(bench.sweep(ALL).await.unwrap().dropped, 0, "something of it waits");
    bench.advance(9 * DAY).await;
    let part = bench.claim_parts(node(1), 9).await[0].hold;
    let refused = told(&[(1, PartTo::Refused), (2, PartTo::Refused), (4, PartTo::Refused)]);
    assert_eq!(bench.end_part(&part, &refused).await, Some(State::Unknown));
    bench.advance(KEEP + DAY).await;
    let swept = bench.sweep(ALL).await.unwrap();
    assert_eq!((swept.dropped, swept.unknown), (1, 1));
    assert_eq!(bench.state(1).await, None);
}

pub(in super::super) async fn parts_expire_in_steps_of_rows_and_of_the_bytes_of_their_mails(bench: &Bench) {
    let soon = |number| NewRow { expires: When::After(SECOND), ..row(number) };
    bench.accept((1..=4).map(soon).collect()).await;
    for held in bench.claim(node(1), 9).await {
        assert_eq!(bench.parts.split(&held.hold, &split()).await, Ok(true));
    }
    bench.advance(SECOND).await;
    let step = async |rows, bytes| {
        let swept = bench.sweep(Bound { rows, bytes }).await.unwrap();
        (swept.expired, swept.more)
    };
    // Each mail has 100 bytes and two parts.
    assert_eq!(step(9, 250).await, (2, true));
    assert_eq!(step(9, 1).await, (1, true), "one mail, whatever it has");
    assert_eq!(step(1, 250).await, (0, true), "one part");
    assert_eq!(step(9, 250).await, (1, false));
}

pub(in super::super) async fn parts_count_where_their_mails_are_dropped_step_by_step(bench: &Bench) {
    bench.accept((1..=4).map(row).collect()).await;
    for (number, held) in (1..).zip(bench.claim(node(1), 9).await) {
        assert_eq!(bench.parts.split(&held.hold, &split()).await, Ok(true));
        assert!(matches!(bench.outbox.cancel(&"shop".into(), id(number)).await, Ok(Change::Cancelled(_))));
    }
    bench.advance(KEEP + DAY).await;
    let step = async |rows| {
        let swept = bench.sweep(Bound { rows, bytes: 1000 }).await.unwrap();
        (swept.dropped, swept.more)
    };
    // Each is a row and has two parts.
    assert_eq!(step(7).await, (2, true));
    assert_eq!(step(1).await, (1, true), "one mail, whatever it has");
    assert_eq!(step(7).await, (1, false));
}

pub(in super::super) async fn what_an_older_copy_has_of_parts_is_parked_or_unknown(bench: &Bench) {
    let [one, _] = bench.both_marked().await;
    let hold = bench.parts_of(1).await;
    assert_eq!(hold.len(), 2);
    bench.end_part(&one, &told(&[(0, PartTo::Again)])).await;
    bench.past.lose(1).await;
    bench.advance(10 * SECOND).await;
    assert_eq!(bench.claim_parts(node(1), 9).await.len(), 0);
    assert_eq!(bench.parts.mark_part(&one).await, Ok(false));
    let restored = bench.outbox.accept_restore(100, note("restore")).await.unwrap();
    assert_eq!(
        restored,
        Restored { parked: 0, unknown: 1, more: false },
        "one mail, of which a part may be with its server"
    );
    assert_eq!(bench.parts_of(1).await, [(State::Parked, vec![0]), (State::Unknown, vec![1, 2, 4])]);
    assert!(bench.status(1).await.unwrap().ticket.possible_duplicate);
    assert_eq!(bench.claim_parts(node(1), 9).await.len(), 0);
    assert_eq!(
        bench.outbox.order(id(1), Order::SettleAsAccepted, note("taken")).await,
        Ok(Ordered::Done(State::Parked))
    );
    let release = Release { caller: Some("shop".into()), limit: 10, ..Release::default() };
    let released = bench.outbox.release(release.clone(), note("release")).await;
    assert_eq!(released, Ok(Released { released: 1, more: false }));
    assert_eq!(bench.outbox.release(release, note("release")).await, Ok(Released::default()));
    let part = bench.claim_parts(node(1), 9).await;
    assert!(part[0].possible_duplicate && part[0].hold.fence > one.fence);
}

pub(in super::super) async fn a_lost_claim_of_parts_is_free_at_the_next_call(bench: &Bench) {
    let hold = bench.one_claimed().await;
    assert_eq!(bench.parts.split(&hold, &split()).await, Ok(true));
    let wanted = wanted_parts(9);
    bench.lose(bench.parts.claim_parts(node(1), &wanted)).await;
    let again = bench.claim_parts(node(1), 9).await;
    assert_eq!((again.len(), again.iter().any(|part| part.was_lost)), (2, false));
}

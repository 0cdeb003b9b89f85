//! Acceptance: keys, room, batches.

use super::bench::*;

pub(in super::super) async fn a_submission_is_there_once_it_is_accepted(bench: &Bench) {
    let now = bench.time.now().await;
    let later = NewRow { send: When::At(now.after(DAY)), lane: Lane::High, ..row(2) };
    let answers = bench.accept_as("shop", vec![row(1), later]).await;
    let ticket = |number, send_at: UnixTime| Ticket {
        id: id(number),
        state: State::Queued,
        accepted_at: now,
        send_at,
        expires_at: send_at.after(2 * DAY),
        possible_duplicate: false,
    };
    let expected = [ticket(1, now), ticket(2, now.after(DAY))];
    assert_eq!(answers, expected.map(Acceptance::Accepted));
    let status = bench.status(2).await.unwrap();
    assert_eq!((status.ticket, status.lane, status.next_attempt_at), (expected[1], Lane::High, Some(now.after(DAY))));
    assert_eq!((status.ended_at, status.attempts), (None, vec![]));
    assert!(status.recipients == Some(row(2).sealed.recipients));
    let claimed = bench.claim(node(1), 10).await;
    assert_eq!(claimed.len(), 1);
    let Claimed { id: first, caller, lane, route_set, attempts, content, .. } = &claimed[0];
    assert_eq!((*first, caller.as_str(), *lane, route_set, *attempts), (id(1), "shop", Lane::Normal, &set(), 0));
    assert!(*content == Some(row(1).sealed.content), "the content as it was");
}

pub(in super::super) async fn a_batch_that_was_withdrawn_is_not_accepted(bench: &Bench) {
    let batch = |number| {
        let (withdrawal, rows) = (Withdrawal::default(), vec![row(number)]);
        Batch { withdrawal, caller: "shop".into(), rows, atomic: false, room: ROOM, callers_room: ROOM }
    };
    let [withdrawn, other] = [batch(1), batch(2)];
    let withdrawal = other.withdrawal.clone();
    assert!(withdrawn.withdrawal.withdraw());
    let (nothing, answers) =
        futures_util::future::join(bench.outbox.accept(withdrawn), bench.outbox.accept(other)).await;
    assert_eq!(nothing, Ok(Vec::new()));
    assert!(matches!(answers.as_deref(), Ok([Acceptance::Accepted(_)])), "{answers:?}");
    assert!(!withdrawal.withdraw(), "it was begun");
    assert!(bench.status(1).await.is_none() && bench.status(2).await.is_some());
}

pub(in super::super) async fn a_key_names_one_message(bench: &Bench) {
    let first = bench.accept_as("shop", vec![keyed(1, "k")]).await;
    let Acceptance::Accepted(ticket) = first[0] else { panic!("{first:?}") };
    bench.claim_one(node(1)).await;
    let now = Ticket { state: State::Claimed, ..ticket };
    let answers = bench.accept_as("shop", vec![keyed(1, "k"), keyed(2, "k"), keyed(3, "l"), keyed(3, "l")]).await;
    assert_eq!(answers[..2], [Acceptance::Repeated(now), Acceptance::KeyInUse]);
    assert!(matches!(answers[2..], [Acceptance::Accepted(_), Acceptance::Repeated(_)]), "{answers:?}");
    let unkeyed = [bench.accept_as("shop", vec![row(9)]).await, bench.accept_as("shop", vec![row(9)]).await].concat();
    assert!(
        matches!(unkeyed[..], [Acceptance::Accepted(_), Acceptance::Repeated(_)]),
        "an unclear COMMIT: {unkeyed:?}"
    );
    // Keys of two callers differ by what they are made of.
    assert!(matches!(bench.accept_as("other", vec![keyed(4, "k")]).await[..], [Acceptance::Accepted(_)]));
}

pub(in super::super) async fn racing_repeats_are_one_submission(bench: &Bench) {
    let calls = (0..16).map(|_| bench.accept_as("shop", vec![keyed(1, "k")]));
    let answers = futures_util::future::join_all(calls).await.concat();
    let accepted = answers.iter().filter(|answer| matches!(answer, Acceptance::Accepted(_))).count();
    let repeated = answers.iter().filter(|answer| matches!(answer, Acceptance::Repeated(_))).count();
    assert_eq!((accepted, repeated, bench.claim(node(1), 99).await.len()), (1, 15, 1));
}

pub(in super::super) async fn no_more_is_accepted_than_there_is_room_for(bench: &Bench) {
    let batch = |caller: &str, number, room, callers_room| {
        let rows = vec![keyed(number, &number.to_string())];
        bench.outbox.accept(Batch { caller: caller.into(), room, callers_room, ..batch(rows) })
    };
    let (two_rows, two_mails) = (Room { rows: 2, ..ROOM }, Room { bytes: 200, ..ROOM });
    bench.accept(vec![row(1), keyed(2, "2")]).await;
    for (caller, room, callers_room, full) in [
        ("other", two_rows, ROOM, Full::Rows),
        ("other", two_mails, ROOM, Full::Bytes),
        ("shop", ROOM, two_rows, Full::CallersRows),
        ("shop", ROOM, two_mails, Full::CallersBytes),
    ] {
        assert_eq!(batch(caller, 3, room, callers_room).await.unwrap(), [Acceptance::Full(full)]);
    }
    assert!(
        matches!(batch("shop", 2, two_rows, two_mails).await.unwrap()[..], [Acceptance::Repeated(_)]),
        "no new row"
    );
    assert!(matches!(batch("other", 4, ROOM, two_rows).await.unwrap()[..], [Acceptance::Accepted(_)]));
    // What has ended takes no room.
    let hold = bench.claim(node(1), 1).await[0].hold;
    bench.marked(&hold).await;
    assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted));
    assert!(matches!(batch("shop", 5, ROOM, two_rows).await.unwrap()[..], [Acceptance::Accepted(_)]));
    assert_eq!(batch("shop", 6, ROOM, two_mails).await.unwrap(), [Acceptance::Full(Full::CallersBytes)]);
}

pub(in super::super) async fn what_takes_more_than_there_ever_is_is_told_from_what_does_not_fit_now(bench: &Bench) {
    let batch =
        |rows, atomic, room, callers_room| bench.outbox.accept(Batch { atomic, room, callers_room, ..batch(rows) });
    let (small, two) = (Room { bytes: 99, ..ROOM }, Room { rows: 2, ..ROOM });
    for (room, callers_room) in [(small, ROOM), (ROOM, small)] {
        let answers = batch(vec![row(1)], false, room, callers_room).await.unwrap();
        assert_eq!(answers, [Acceptance::TooLarge(small)]);
    }
    let answers = batch(vec![row(1), row(2), row(3)], true, ROOM, two).await.unwrap();
    assert_eq!(answers, [Acceptance::Withheld, Acceptance::Withheld, Acceptance::TooLarge(two)]);
    let answers = batch(vec![row(1), row(2), row(3)], false, ROOM, two).await.unwrap();
    assert_eq!(answers[2], Acceptance::Full(Full::CallersRows), "each by itself fits");
    let answers = batch(vec![row(1), row(3), row(4)], true, ROOM, two).await.unwrap();
    assert!(matches!(answers[0], Acceptance::Repeated(_)), "{answers:?}");
    assert_eq!(answers[1], Acceptance::Full(Full::CallersRows), "what is there already takes no more room");
    assert_eq!(bench.counted("smsp_outbox_full_total"), 3);
}

pub(in super::super) async fn what_is_held_is_known_after_sweeps(bench: &Bench) {
    let room = Room { rows: 2, bytes: 1000 };
    let accept = async |number| {
        let batch = Batch { room, ..batch(vec![row(number)]) };
        let answers = bench.outbox.accept(batch).await.unwrap();
        bench.sweep(ALL).await.unwrap();
        matches!(answers[..], [Acceptance::Accepted(_)])
    };
    assert_eq!([accept(1).await, accept(2).await, accept(3).await], [true, true, false]);
    bench.outbox.cancel(&"shop".into(), id(1)).await.unwrap();
    bench.sweep(ALL).await.unwrap();
    assert_eq!([accept(4).await, accept(5).await], [true, false]);
}

pub(in super::super) async fn an_atomic_batch_is_accepted_whole_or_not_at_all(bench: &Bench) {
    bench.accept(vec![keyed(1, "k")]).await;
    let batch = |rows| Batch {
        withdrawal: Withdrawal::default(),
        caller: "shop".into(),
        rows,
        atomic: true,
        room: ROOM,
        callers_room: Room { rows: 3, ..ROOM },
    };
    let answers = bench.outbox.accept(batch(vec![row(2), keyed(3, "k"), keyed(1, "k")])).await.unwrap();
    assert_eq!(answers[..2], [Acceptance::Withheld, Acceptance::KeyInUse]);
    assert!(matches!(answers[2], Acceptance::Repeated(_)), "{answers:?}");
    let answers = bench.outbox.accept(batch(vec![row(2), row(3), row(4)])).await.unwrap();
    assert_eq!(answers, [Acceptance::Withheld, Acceptance::Withheld, Acceptance::Full(Full::CallersRows)]);
    assert_eq!((bench.state(2).await, bench.state(3).await), (None, None));
    let answers = bench.outbox.accept(batch(vec![row(2), row(3)])).await.unwrap();
    assert!(
        answers.iter().all(|answer| matches!(answer, Acceptance::Accepted(_))),
        "its room is as it was: {answers:?}"
    );
}

pub(in super::super) async fn a_time_that_has_passed_by_the_clock_of_the_store_is_now(bench: &Bench) {
    let now = bench.time.now().await;
    let yesterday = UnixTime(now.0 - UnixTime::default().after(DAY).0);
    let answers = bench.accept_as("shop", vec![NewRow { send: When::At(yesterday), ..row(1) }]).await;
    let [Acceptance::Accepted(ticket)] = answers[..] else { panic!("{answers:?}") };
    assert_eq!((ticket.send_at, ticket.expires_at), (now, now.after(2 * DAY)));
    assert_eq!(bench.claim(node(1), 9).await.len(), 1);
}

pub(in super::super) async fn what_was_tried_before_is_kept_with_the_mail_and_counts(bench: &Bench) {
    let tried =
        |upstream: &str, outcome, took, ago| Tried { verdict: Verdict { took, ..verdict(upstream, outcome) }, ago };
    let made = tried("mg", Outcome::Unavailable, Some(SECOND), 3 * SECOND);
    let made = Tried { verdict: Verdict { code: Some("421".into()), ..made.verdict }, ..made };
    let left_out = tried("ses", Outcome::Throttled, None, SECOND);
    let once_more = tried("mg", Outcome::Deferred, Some(SECOND), SECOND);
    let earlier = |tried: &[&Tried], attempts| Earlier { tried: tried.iter().copied().cloned().collect(), attempts };
    let first = || NewRow { earlier: earlier(&[&made, &left_out], 1), ..keyed(1, "k") };
    let second = NewRow { earlier: earlier(&[&once_more], 7), ..row(2) };
    bench.accept(vec![first(), second, row(3)]).await;
    assert!(matches!(bench.accept_as("shop", vec![first()]).await[..], [Acceptance::Repeated(_)]));
    let now = bench.time.now().await;
    let shown = |Tried { verdict, ago }: &Tried| TriedAt {
        upstream: verdict.upstream.clone(),
        at: now.before(*ago),
        took_ms: verdict.took.map(|_| 1000),
        outcome: Some(verdict.outcome.as_str().to_owned()),
        reason: Some(verdict.reason.clone()),
        code: verdict.code.clone(),
        provider_message_id: None,
        late: false,
    };
    assert_eq!(bench.status(1).await.unwrap().attempts, [shown(&made), shown(&left_out)]);
    assert_eq!(bench.status(2).await.unwrap().attempts, [shown(&once_more)]);
    assert_eq!(bench.status(3).await.unwrap().attempts, []);
    let claimed = bench.claim(node(1), 9).await;
    let attempts = |number| claimed.iter().find(|claimed| claimed.id == id(number)).map(|claimed| claimed.attempts);
    assert_eq!([1, 2, 3].map(attempts), [Some(1), Some(7), Some(0)]);
    let hold = claimed.iter().find(|claimed| claimed.id == id(1)).unwrap().hold;
    assert!(hold.fence.is_first() && bench.marked(&hold).await);
    assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted));
    let outcomes = bench.status(1).await.unwrap().attempts.into_iter().map(|tried| tried.outcome.unwrap());
    assert_eq!(
        outcomes.collect::<Vec<_>>(),
        ["unavailable", "throttled", "accepted"],
        "each hand-over has its own verdict"
    );
}

//! Verdicts of claims that hold their row no more.

use super::bench::*;

/// Left `unknown` by the first hold, and in the hands of the second as a replay.
async fn replayed(bench: &Bench) -> [Hold; 2] {
    let first = bench.one_marked().await;
    assert_eq!(bench.end(&first, unknown(Duration::ZERO)).await, Some(State::Unknown));
    let claimed = bench.outbox.replay(node(2), "mg", ALL).await.unwrap();
    [first, claimed[0].hold]
}

/// Left `unknown` by this hold, and put back by the order of a person.
async fn put_back(bench: &Bench, number: u8, order: Order) -> Hold {
    bench.accept(vec![row(number)]).await;
    let hold = bench.claim_one(node(1)).await;
    bench.marked(&hold).await;
    bench.end(&hold, unknown(DAY)).await;
    assert_eq!(bench.outbox.order(id(number.into()), order, note("order")).await, Ok(Ordered::Done(State::Queued)));
    hold
}

async fn is_duplicate(bench: &Bench, number: u128) -> bool {
    bench.status(number).await.unwrap().ticket.possible_duplicate
}

pub(in super::super) async fn an_older_acceptance_ends_a_replay_that_is_under_way(bench: &Bench) {
    let [first, second] = replayed(bench).await;
    assert_eq!(bench.end(&first, accepted()).await, Some(State::Accepted));
    for ended in [accepted(), refused(), again(SECOND), unknown(SECOND)] {
        assert_eq!(bench.end(&second, ended).await, None, "the replay changes nothing any more");
    }
    bench.is_uncounted();
    assert_eq!(bench.end(&first, accepted()).await, Some(State::Accepted), "a repeat");
    let status = bench.status(1).await.unwrap();
    assert_eq!((status.ticket.state, status.ticket.possible_duplicate), (State::Accepted, false), "mg takes it once");
    let outcomes: Vec<_> = status.attempts.iter().map(|tried| tried.outcome.as_deref()).collect();
    assert_eq!(outcomes, [Some("accepted"), Some("accepted")], "the verdict of each is kept");
}

pub(in super::super) async fn an_older_acceptance_settles_what_a_replay_left_unknown(bench: &Bench) {
    let [first, second] = replayed(bench).await;
    bench.end(&second, unknown(SECOND)).await;
    assert_eq!(bench.end(&first, accepted()).await, Some(State::Accepted));
    assert!(!is_duplicate(bench, 1).await);
}

pub(in super::super) async fn an_older_refusal_never_ends_what_a_newer_hand_over_holds(bench: &Bench) {
    let [first, second] = replayed(bench).await;
    for ended in [refused(), again(SECOND), unknown(SECOND)] {
        assert_eq!(bench.end(&first, ended).await, None);
        assert_eq!(bench.state(1).await, Some(State::Sending));
    }
    assert_eq!(bench.end(&first, accepted()).await, None, "it has said that mg does not have it");
    assert_eq!(bench.end(&second, unknown(DAY)).await, Some(State::Unknown));
    assert_eq!(bench.end(&first, refused()).await, None, "the replay is in doubt");
    assert_eq!(bench.end(&second, accepted()).await, Some(State::Accepted));
    let hold = put_back(bench, 2, Order::Retry).await;
    assert_eq!((bench.end(&hold, refused()).await, bench.state(2).await), (None, Some(State::Queued)));
}

pub(in super::super) async fn an_older_refusal_settles_an_unknown_mail_once_no_hand_over_is_in_doubt(bench: &Bench) {
    for (ended, state) in [(again(Duration::ZERO), State::Queued), (refused(), State::Refused)] {
        let first = match bench.state(1).await {
            None => bench.one_claimed().await,
            Some(_) => bench.claim_one(node(1)).await,
        };
        bench.marked(&first).await;
        bench.end(&first, unknown(Duration::ZERO)).await;
        let second = bench.outbox.replay(node(2), "mg", ALL).await.unwrap()[0].hold;
        assert_eq!(bench.end(&second, refused()).await, Some(State::Unknown), "the first is in doubt");
        assert_eq!(bench.end(&first, ended).await, Some(state));
    }
    assert_eq!(bench.state(1).await, Some(State::Refused));
}

pub(in super::super) async fn a_refused_replay_settles_a_mail_whose_first_hand_over_was_refused_meanwhile(
    bench: &Bench,
) {
    for (number, ended, state) in
        [(1, refused(), State::Refused), (2, again(SECOND), State::Queued), (3, again(SECOND), State::Cancelled)]
    {
        bench.accept(vec![row(number)]).await;
        let first = bench.claim_one(node(1)).await;
        bench.marked(&first).await;
        bench.end(&first, unknown(Duration::ZERO)).await;
        let second = bench.outbox.replay(node(2), "mg", ALL).await.unwrap()[0].hold;
        assert_eq!(bench.end(&first, refused()).await, None, "the replay is under way");
        if state == State::Cancelled {
            bench.erase_recipient(number).await;
        }
        assert_eq!(bench.end(&second, ended.clone()).await, Some(state), "no hand-over is in doubt any more");
        if state.is_final() {
            bench.is_uncounted();
        }
        assert_eq!(bench.end(&second, ended).await, Some(state), "a repeat");
    }
    bench.advance(SECOND).await;
    let hold = bench.claim_one(node(1)).await;
    assert!(bench.marked(&hold).await, "what is queued again is handed over as at first");
}

pub(in super::super) async fn a_late_acceptance_ends_what_an_order_has_put_back(bench: &Bench) {
    for (number, order, claimed) in [
        (1, Order::Retry, false),
        (2, Order::Retry, true),
        (3, Order::SettleAsNone, false),
        (4, Order::SettleAsNone, true),
    ] {
        let first = put_back(bench, number, order).await;
        let second = if claimed { Some(bench.claim_one(node(2)).await) } else { None };
        assert_eq!(bench.end(&first, accepted()).await, Some(State::Accepted));
        if let Some(second) = second {
            assert!(!bench.marked(&second).await, "it is not handed over again");
            assert_eq!(bench.end(&second, again(SECOND)).await, None);
        }
        assert_eq!(bench.claim(node(2), 9).await.len(), 0);
        assert_eq!(is_duplicate(bench, number.into()).await, order == Order::Retry, "as the order said");
    }
}

pub(in super::super) async fn a_late_acceptance_is_on_record_beside_a_retry_under_way(bench: &Bench) {
    let first = put_back(bench, 1, Order::SettleAsNone).await;
    let second = bench.claim_one(node(2)).await;
    bench.marked(&second).await;
    assert_eq!(bench.end(&first, accepted()).await, Some(State::Accepted));
    assert!(is_duplicate(bench, 1).await, "the retry may be taken too");
    assert!(!bench.outbox.mark(&second, &mark("ses")).await.unwrap(), "it goes to no further upstream");
    assert_eq!(bench.end(&second, refused()).await, None);
    assert_eq!(bench.state(1).await, Some(State::Accepted));
}

pub(in super::super) async fn a_late_acceptance_changes_nothing_that_has_ended_but_says_that_there_may_be_two(
    bench: &Bench,
) {
    for (number, ended, state) in [(1, refused(), State::Refused), (2, accepted(), State::Accepted)] {
        let first = put_back(bench, number, Order::SettleAsNone).await;
        let second = bench.claim_one(node(2)).await;
        bench.marked(&second).await;
        bench.end(&second, ended).await;
        assert_eq!(bench.end(&first, accepted()).await, None);
        let status = bench.status(number.into()).await.unwrap();
        assert_eq!((status.ticket.state, status.ticket.possible_duplicate), (state, true));
        assert_eq!(status.attempts[0].outcome.as_deref(), Some("accepted"));
    }
}

pub(in super::super) async fn what_a_dead_node_has_marked_is_not_replayed_while_its_hand_over_may_go_on(bench: &Bench) {
    let hold = bench.one_marked().await;
    bench.advance(SILENCE).await;
    assert_eq!(bench.bury().await, Ok(Buried { unknown: 1, ..Buried::default() }));
    bench.advance(ATTEMPT - SILENCE - SECOND).await;
    assert_eq!(bench.outbox.replay(node(2), "mg", ALL).await.unwrap().len(), 0);
    bench.advance(SECOND).await;
    assert_eq!(bench.outbox.replay(node(2), "mg", ALL).await.unwrap().len(), 1);
    assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted), "it was only silent");
}

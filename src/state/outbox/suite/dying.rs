//! Nodes that die, and nodes that were only silent.

use super::bench::*;

pub(in super::super) async fn what_a_dead_node_claimed_is_queued_and_parked_at_the_third_loss(bench: &Bench) {
    bench.accept(vec![row(1)]).await;
    for loss in 1..=3 {
        let hold = bench.claim_one(node(loss)).await;
        bench.advance(SILENCE).await;
        let expected = match loss {
            3 => Buried { parked: 1, ..Buried::default() },
            _ => Buried { queued: 1, ..Buried::default() },
        };
        assert_eq!(bench.bury().await, Ok(expected));
        assert!(!bench.marked(&hold).await, "a node that comes back has lost it");
        assert_eq!(bench.end(&hold, refused()).await, None);
    }
    assert_eq!(bench.state(1).await, Some(State::Parked));
    assert_eq!(bench.claim(node(9), 9).await.len(), 0);
    assert_eq!(bench.status(1).await.unwrap().attempts, []);
}

pub(in super::super) async fn what_a_living_node_cannot_open_is_parked_at_the_third_loss(bench: &Bench) {
    bench.accept(vec![row(1)]).await;
    let lost = || Ended::Lost { wait: SECOND };
    for state in [State::Queued, State::Queued, State::Parked] {
        let hold = bench.claim_one(node(1)).await;
        assert_eq!(bench.end(&Hold { fence: Fence(hold.fence.0 + 1), ..hold }, lost()).await, None, "fence");
        assert_eq!(bench.end(&Hold { node: node(2), ..hold }, lost()).await, None, "owner");
        assert_eq!(bench.end(&hold, lost()).await, Some(state));
        assert_eq!(bench.end(&hold, lost()).await, Some(state), "a repeat is no second loss");
        assert_eq!(bench.claim(node(1), 9).await.len(), 0, "it waits");
        bench.advance(SECOND).await;
    }
    assert_eq!(bench.outbox.order(id(1), Order::Retry, note("retry")).await, Ok(Ordered::Done(State::Queued)));
    let hold = bench.claim_one(node(1)).await;
    assert!(bench.marked(&hold).await);
    assert_eq!(bench.end(&hold, lost()).await, None, "a marked row never goes back");
    assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted));
    assert!(!bench.status(1).await.unwrap().ticket.possible_duplicate);
}

pub(in super::super) async fn what_a_dead_node_marked_is_unknown_and_never_queued(bench: &Bench) {
    let hold = bench.one_marked().await;
    bench.advance(SILENCE).await;
    assert_eq!(bench.bury().await, Ok(Buried { unknown: 1, ..Buried::default() }));
    bench.advance(DAY).await;
    assert_eq!(bench.bury().await, Ok(Buried::default()));
    assert_eq!(bench.claim(node(2), 9).await.len(), 0);
    let status = bench.status(1).await.unwrap();
    assert_eq!((status.ticket.state, status.attempts.len()), (State::Unknown, 1));
    assert_eq!((status.attempts[0].upstream.as_str(), &status.attempts[0].outcome), ("mg", &None));
    assert!(!bench.marked(&hold).await);
    assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted), "its own late verdict settles it");
}

pub(in super::super) async fn a_node_that_lives_keeps_its_rows(bench: &Bench) {
    bench.accept(vec![row(1), row(2)]).await;
    let holds: Vec<_> = bench.claim(node(1), 2).await.iter().map(|claimed| claimed.hold).collect();
    bench.marked(&holds[1]).await;
    for _ in 0..5 {
        bench.advance(SILENCE / 2).await;
        bench.outbox.heartbeat(node(1)).await.unwrap();
        assert_eq!(bench.bury().await, Ok(Buried::default()));
    }
    assert!(bench.marked(&holds[0]).await);
    assert_eq!(bench.end(&holds[1], accepted()).await, Some(State::Accepted));
}

pub(in super::super) async fn a_row_that_was_lost_is_claimed_alone_and_no_other_is_parked_with_it(bench: &Bench) {
    bench.accept((1..=3).map(row).collect()).await;
    let claim = async |wanted| {
        let claimed = bench.outbox.claim(node(1), &wanted).await.unwrap();
        claimed.iter().map(|claimed| (claimed.id, claimed.was_lost)).collect::<Vec<_>>()
    };
    let die = async |buried| {
        bench.advance(SILENCE).await;
        assert_eq!(bench.bury().await, Ok(buried));
    };
    assert_eq!(claim(wanted(9)).await, [1, 2, 3].map(|number| (id(number), false)));
    die(Buried { queued: 3, ..Buried::default() }).await;
    assert_eq!(claim(wanted(9)).await, [(id(1), true)]);
    die(Buried { queued: 1, ..Buried::default() }).await;
    assert_eq!(claim(wanted(9)).await, [(id(1), true)]);
    die(Buried { parked: 1, ..Buried::default() }).await;
    bench.accept(vec![row(4)]).await;
    for none in [
        Wanted { lost: false, ..wanted(0) },
        Wanted { sets: vec![], ..wanted(9) },
        Wanted { without: vec!["shop".into()], ..wanted(9) },
        wanted(0),
    ] {
        assert_eq!(claim(none).await, []);
    }
    assert_eq!(claim(Wanted { lost: false, ..wanted(9) }).await, [(id(4), false)], "it waits for none of them");
    assert_eq!(claim(Wanted { of_lane: [0; 3], ..wanted(9) }).await, [(id(2), true)], "whatever its lane");
    assert_eq!(claim(wanted(9)).await, [(id(3), true)]);
}

pub(in super::super) async fn a_node_that_was_silent_never_ends_what_it_holds_itself(bench: &Bench) {
    bench.accept(vec![row(1), row(2)]).await;
    let holds: Vec<_> = bench.claim(node(1), 2).await.iter().map(|claimed| claimed.hold).collect();
    assert!(bench.marked(&holds[1]).await);
    bench.advance(SILENCE).await;
    assert_eq!(bench.outbox.bury(node(1)).await, Ok(Buried::default()));
    assert!(bench.marked(&holds[0]).await);
    assert_eq!(bench.end(&holds[0], accepted()).await, Some(State::Accepted));
    assert_eq!(bench.outbox.bury(node(2)).await.unwrap().unknown, 1, "another one does");
}

//! Calls that ask again about a mail that is `unknown`.

use std::sync::Arc;

use futures_util::future::join_all;

use super::bench::*;

pub(in crate::state::answers) async fn one_of_many_asks_again(bench: &Bench) {
    bench.ended(1, 1, unknown("u")).await;
    let racing = (2..=33_u128).map(|by| {
        let store = Arc::clone(&bench.nodes[by as usize % bench.nodes.len()]);
        async move { store.ask_again(id(1), number(1), number(by), LEASE).await == Ok(true) }
    });
    assert_eq!(join_all(racing).await.into_iter().filter(|asks| *asks).count(), 1);
    assert_eq!(bench.finds(1).await, Begun::Elsewhere { left: LEASE });
    assert!(!bench.ask_again(1, 1, 34).await, "that call is in flight");
}

pub(in crate::state::answers) async fn asking_in_vain_is_as_before(bench: &Bench) {
    bench.ended(1, 1, unknown("u")).await;
    bench.advance(10 * SECOND).await;
    for by in [2, 3] {
        assert!(bench.ask_again(1, 1, by).await);
        assert!(bench.ask_again(1, 1, by).await, "the same call may ask again");
        assert!(!bench.ask_again(1, by, 9).await, "that call is in flight");
        bench.advance(SECOND).await;
        assert_eq!(bench.end(1, by, End::AsBefore).await, Settled::Written);
    }
    assert_eq!(bench.finds(1).await, held(1, Recorded::Unknown, Some("u"), 12 * SECOND));
    bench.advance(KEPT - 12 * SECOND).await;
    assert!(!bench.ask_again(1, 1, 4).await, "it is over");
    assert_eq!(bench.begin(1, 5).await, Begun::InFlight, "asking in vain does not prolong the hold");
}

pub(in crate::state::answers) async fn an_acceptance_settles_what_was_unknown(bench: &Bench) {
    bench.ended(1, 1, unknown("u")).await;
    assert!(bench.ask_again(1, 1, 2).await);
    assert_eq!(bench.end(1, 2, accepted("a")).await, Settled::Written);
    assert_eq!(bench.finds(1).await, held(2, Recorded::Accepted, Some("a"), Duration::ZERO));
    assert!(!bench.ask_again(1, 2, 3).await);
}

pub(in crate::state::answers) async fn an_asking_call_that_is_queued_settles_what_was_unknown(bench: &Bench) {
    bench.ended(1, 1, unknown("u")).await;
    assert!(bench.ask_again(1, 1, 2).await);
    assert_eq!(bench.end(1, 2, End::Queued).await, Settled::Written);
    assert_eq!(bench.finds(1).await, held(2, Recorded::Queued, None, Duration::ZERO));
    assert_eq!(bench.end(1, 1, accepted("late")).await, Settled::Gone);
    assert!(!bench.ask_again(1, 2, 3).await);
}

pub(in crate::state::answers) async fn an_asking_call_that_died_is_unknown_with_the_answer_before(bench: &Bench) {
    bench.ended(1, 1, unknown("u")).await;
    assert!(bench.ask_again(1, 1, 2).await);
    bench.advance(LEASE).await;
    assert_eq!(bench.finds(1).await, held(2, Recorded::Unknown, Some("u"), LEASE));
    assert!(!bench.ask_again(1, 1, 3).await, "it is another call's by now");
    assert!(bench.ask_again(1, 2, 3).await);
    assert_eq!(bench.end(1, 3, End::AsBefore).await, Settled::Written);
    assert_eq!(bench.finds(1).await, held(1, Recorded::Unknown, Some("u"), LEASE));
}

pub(in crate::state::answers) async fn a_late_verdict_waits_for_the_call_that_asks_again(bench: &Bench) {
    bench.ended(1, 1, unknown("u")).await;
    assert!(bench.ask_again(1, 1, 2).await);
    assert_eq!(bench.end(1, 1, accepted("late")).await, Settled::NotYet);
    assert_eq!(bench.end(1, 2, End::AsBefore).await, Settled::Written);
    assert_eq!(bench.end(1, 1, accepted("late")).await, Settled::Written);
    assert_eq!(bench.finds(1).await, held(1, Recorded::Accepted, Some("late"), Duration::ZERO));
}

pub(in crate::state::answers) async fn after_asking_in_vain_the_record_is_that_of_the_call_before(bench: &Bench) {
    bench.ended(1, 1, unknown("u")).await;
    assert!(bench.ask_again(1, 1, 2).await);
    assert_eq!(bench.end(1, 2, End::AsBefore).await, Settled::Written);
    assert_eq!(bench.end(1, 2, accepted("late")).await, Settled::Gone);
    assert_eq!(bench.end(1, 1, accepted("late")).await, Settled::Written);
    assert_eq!(bench.finds(1).await, held(1, Recorded::Accepted, Some("late"), Duration::ZERO));
}

pub(in crate::state::answers) async fn what_nothing_is_said_of_is_not_asked_about(bench: &Bench) {
    assert!(!bench.ask_again(1, 1, 2).await, "it does not exist");
    assert_eq!(bench.begin(1, 1).await, Begun::InFlight);
    assert!(!bench.ask_again(1, 1, 2).await, "it is in flight");
    bench.advance(LEASE).await;
    assert!(!bench.ask_again(1, 1, 2).await, "nobody knows where it may be");
    bench.ended(2, 3, End::Queued).await;
    assert!(!bench.ask_again(2, 3, 4).await);
}

//! Calls of nodes that share a store, which fails as it is told.

use super::super::fake::{FakeAnswers, Fault};
use super::*;
use crate::runtime::shutdown::Shutdown;
use crate::state::store::{StoreKeys, Up};

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// A node over this store.
pub(super) fn node(store: &Arc<FakeAnswers>) -> Answers {
    under(store, &format!("a:{}", "1".repeat(64)))
}

fn under(store: &Arc<FakeAnswers>, keys: &str) -> Answers {
    ending(store, keys, Shutdown::default())
}

/// That ends so.
pub(super) fn ending(store: &Arc<FakeAnswers>, keys: &str, shutdown: Shutdown) -> Answers {
    over(store, Up::new(Metrics::default().store.of("sqlite"), true), keys, shutdown)
}

fn over(store: &Arc<FakeAnswers>, up: Up, keys: &str, shutdown: Shutdown) -> Answers {
    let keys = Arc::new(StoreKeys::parse(keys).unwrap());
    let store = Arc::clone(store) as Arc<dyn StoredAnswers>;
    Answers::new(100, Some(Kept::new(store, up, keys, shutdown)), Arc::default())
}

pub(super) async fn role(node: &Answers) -> Role {
    join(node, key(1), message(1).id(), |_| false).await
}

pub(super) async fn leader(node: &Answers) -> Leader {
    match role(node).await {
        Role::Leader(leader) => leader,
        other => panic!("it is the first: {}", word(&other)),
    }
}

pub(super) fn word(role: &Role) -> String {
    match role {
        Role::Leader(_) => "leader".to_owned(),
        Role::Again(..) => "again".to_owned(),
        Role::Follower(_) => "follower".to_owned(),
        Role::Held(Known::Answered(Ok(_))) => "accepted".to_owned(),
        Role::Held(Known::Answered(Err(error))) => format!("{:?} of {}", error.failure, error.attempts.len()),
        Role::Held(Known::Queued) => "queued".to_owned(),
        Role::Refused(failure) => format!("{failure:?}"),
    }
}

pub(super) async fn ends(node: &Answers, outcome: Outcome) {
    let known = Known::Answered(answer(message(1).id(), outcome, 0));
    leader(node).await.finish(known).await;
}

pub(super) fn two() -> (Arc<FakeAnswers>, [Answers; 2]) {
    let store = Arc::new(FakeAnswers::default());
    (Arc::clone(&store), [node(&store), node(&store)])
}

#[tokio::test(start_paused = true)]
async fn another_node_hears_what_a_call_came_to() {
    for (outcome, expected) in
        [(Outcome::Accepted, "accepted"), (Outcome::Unknown, "Unknown of 1"), (Outcome::MessageRejected, "leader")]
    {
        for is_other in [false, true] {
            let (_, [one, other]) = two();
            ends(&one, outcome).await;
            let node = if is_other { &other } else { &one };
            assert_eq!(word(&role(node).await), expected);
        }
    }
    let (_, [one, other]) = two();
    leader(&one).await.finish(Known::Queued).await;
    assert_eq!(word(&role(&other).await), "queued");
}

#[tokio::test(start_paused = true)]
async fn a_call_in_flight_elsewhere_is_told_when_to_come_back_and_so_are_those_that_wait_for_it() {
    let (store, [one, other]) = two();
    let first = leader(&one).await;
    let id = message(1).id();
    let waiting = async {
        let Role::Follower(follower) = role(&other).await else { panic!("the call before it asks the store") };
        follower.answer().await
    };
    store.faults.lock().unwrap().push_back(Fault::Silent);
    let silent = join(&other, key(1), id, |_| false);
    let (refused, waiting) = tokio::join!(silent, waiting);
    assert_eq!(word(&refused), "StoreUnavailable");
    assert!(matches!(waiting, Known::Answered(Err(error)) if error.failure == Failure::StoreUnavailable));
    let retry_after = 5 * SECOND;
    assert!(
        matches!(role(&other).await, Role::Refused(Failure::InFlightElsewhere { retry_after: wait }) if wait == retry_after)
    );
    store.set_on(24_500);
    assert_eq!(word(&role(&other).await), "InFlightElsewhere { retry_after: 1s }", "a second at least");
    store.set_on(500);
    assert_eq!(word(&role(&other).await), "Unknown of 0", "its lease is over");
    first.finish(Known::Answered(answer(id, Outcome::Accepted, 0))).await;
    assert_eq!(word(&role(&other).await), "accepted", "it was only slow");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_handed_over_where_the_store_does_not_say_so() {
    for faults in [
        &[Fault::Down][..],
        &[Fault::Silent],
        &[Fault::Lost, Fault::Lost],
        &[Fault::AnswerLost, Fault::AnswerLost],
        &[Fault::AnswerLost, Fault::Down],
        &[Fault::AnswerLost, Fault::Silent],
    ] {
        let (store, [one, other]) = two();
        store.faults.lock().unwrap().extend(faults);
        assert_eq!(word(&role(&one).await), "StoreUnavailable", "{faults:?}");
        tokio::time::sleep(SECOND).await;
        assert_eq!(word(&role(&other).await), "leader", "{faults:?}: what was begun is undone");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_known_to_be_down_is_not_asked_and_one_that_is_back_is() {
    let (store, up) = (Arc::default(), Up::new(Metrics::default().store.of("sqlite"), true));
    let node = over(&store, up.clone(), &format!("a:{}", "1".repeat(64)), Shutdown::default());
    let (begun, call) =
        (Instant::now(), Call { key: key(1), id: message(1).id(), caller: &"caller".into(), lasts: SECOND });
    up.set(false);
    store.faults.lock().unwrap().push_back(Fault::Silent);
    let refused = node.join(call, std::future::pending(), |_| false).await;
    assert_eq!((word(&refused).as_str(), begun.elapsed()), ("StoreUnavailable", Duration::ZERO));
    assert_eq!(store.faults.lock().unwrap().len(), 1, "nothing was asked");
    up.set(true);
    store.faults.lock().unwrap().clear();
    assert_eq!(word(&role(&node).await), "leader");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_begins_again_after_a_lost_answer_is_the_same_one() {
    for fault in [Fault::Lost, Fault::AnswerLost] {
        let (store, [one, other]) = two();
        store.faults.lock().unwrap().push_back(fault);
        ends(&one, Outcome::Accepted).await;
        assert_eq!(word(&role(&other).await), "accepted", "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_caller_hears_the_outcome_though_the_store_is_away_and_the_store_hears_it_later() {
    for fault in [Fault::Down, Fault::Silent, Fault::Lost, Fault::AnswerLost] {
        let (store, [one, other]) = two();
        let first = leader(&one).await;
        *store.fault.lock().unwrap() = Some(fault);
        let start = Instant::now();
        let known = first.finish(Known::Answered(answer(message(1).id(), Outcome::Accepted, 0))).await;
        assert!(matches!(known, Known::Answered(Ok(_))) && start.elapsed() <= STORE_TIMEOUT, "{fault:?}");
        tokio::time::sleep(5 * SECOND).await;
        *store.fault.lock().unwrap() = None;
        tokio::time::sleep(10 * SECOND).await;
        assert_eq!(word(&role(&other).await), "accepted", "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_the_store_never_hears_is_unknown_after_the_lease() {
    let (store, [one, other]) = two();
    let first = leader(&one).await;
    *store.fault.lock().unwrap() = Some(Fault::Down);
    first.finish(Known::Answered(answer(message(1).id(), Outcome::Accepted, 0))).await;
    tokio::time::sleep(120 * SECOND).await;
    *store.fault.lock().unwrap() = None;
    store.set_on(120_000);
    for node in [&one, &other] {
        assert_eq!(word(&role(node).await), "Unknown of 0");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_is_unknown_for_those_that_wait_and_after_its_lease_for_all() {
    let (store, [one, other]) = two();
    let first = leader(&one).await;
    let Role::Follower(follower) = role(&one).await else { panic!("it is under way") };
    drop(first);
    assert!(matches!(follower.answer().await, Known::Answered(Err(error)) if error.failure == Failure::Panicked));
    store.set_on(25_000);
    for node in [&one, &other] {
        assert_eq!(word(&role(node).await), "Unknown of 0");
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_verdict_changes_what_every_node_hears() {
    for (outcome, expected) in [(Outcome::Accepted, "accepted"), (Outcome::MessageRejected, "leader")] {
        for (is_early, is_away) in [(false, false), (false, true), (true, false)] {
            let (store, [one, other]) = two();
            let first = leader(&one).await;
            let late = first.on_late_verdict();
            let verdict = Verdict::new(outcome, Reason::Smtp(250));
            if is_early {
                late("u", &verdict);
            }
            first.finish(Known::Answered(answer(message(1).id(), Outcome::Unknown, 0))).await;
            if !is_early {
                assert_eq!(word(&role(&other).await), "Unknown of 1");
                *store.fault.lock().unwrap() = is_away.then_some(Fault::Down);
                late("u", &verdict);
                tokio::time::sleep(SECOND).await;
                *store.fault.lock().unwrap() = None;
            }
            tokio::time::sleep(10 * SECOND).await;
            assert_eq!(word(&role(&other).await), expected, "{is_early} {is_away}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_node_asks_again_and_the_time_that_has_passed_is_that_of_the_store() {
    let (store, [one, other]) = two();
    ends(&one, Outcome::Unknown).await;
    store.set_on(600_000);
    let within = |limit: Duration| {
        move |error: &SendError| {
            let age = |attempt: &Attempt| Instant::now().into_std() - attempt.ended_at;
            error.attempts.iter().any(|attempt| age(attempt) <= limit)
        }
    };
    let asks = async |node: &Answers, limit| join(node, key(1), message(1).id(), within(limit)).await;
    assert_eq!(word(&asks(&other, 599 * SECOND).await), "Unknown of 1", "the window is over");
    let Role::Again(asking, before) = asks(&other, 600 * SECOND).await else { panic!("the window is open") };
    assert_eq!(word(&asks(&one, 600 * SECOND).await), "InFlightElsewhere { retry_after: 5s }");
    asking.finish(Known::Answered(Err(before))).await;
    let Role::Again(asking, _) = asks(&one, 600 * SECOND).await else { panic!("it was in vain") };
    asking.finish(Known::Answered(answer(message(1).id(), Outcome::Accepted, 0))).await;
    assert_eq!(word(&asks(&other, 600 * SECOND).await), "accepted");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_not_ask_again_for_want_of_the_store_hears_what_is_held() {
    for fault in [Fault::Down, Fault::Silent, Fault::AnswerLost] {
        let (store, [one, other]) = two();
        ends(&one, Outcome::Unknown).await;
        store.faults.lock().unwrap().extend([Fault::None, fault]);
        let role = join(&other, key(1), message(1).id(), |_| true).await;
        assert_eq!(word(&role), "Unknown of 1", "{fault:?}");
        tokio::time::sleep(SECOND).await;
        assert_eq!(word(&join(&other, key(1), message(1).id(), |_| true).await), "again", "{fault:?}: it is undone");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_sealed_under_a_key_of_another_node_is_refused_by_this_one_and_never_unknown_or_free() {
    for outcome in [Outcome::Accepted, Outcome::Unknown] {
        let (store, [one, _]) = two();
        ends(&one, outcome).await;
        let without_the_key = under(&store, &format!("b:{}", "2".repeat(64)));
        let refused = join(&without_the_key, key(1), message(1).id(), |_| true).await;
        assert_eq!(word(&refused), "StoreUnavailable");
        assert!(without_the_key.look(&"caller".into(), message(1).id()).await.is_err());
        let with_both = under(&store, &format!("b:{},a:{}", "2".repeat(64), "1".repeat(64)));
        assert!(matches!(role(&with_both).await, Role::Held(_)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_unknown_and_never_free() {
    for outcome in [Outcome::Accepted, Outcome::Unknown] {
        let (store, [one, _]) = two();
        ends(&one, outcome).await;
        // Another key under the name of the first.
        let without_the_key = under(&store, &format!("a:{}", "2".repeat(64)));
        let may_ask = |error: &SendError| !error.attempts.is_empty();
        assert_eq!(word(&join(&without_the_key, key(1), message(1).id(), may_ask).await), "Unknown of 0");
        let found = without_the_key.look(&"caller".into(), message(1).id()).await.expect("it answers");
        assert!(matches!(found, Some(Found::Known(Known::Answered(Err(error)))) if error.attempts.is_empty()));
    }
}

#[tokio::test(start_paused = true)]
async fn another_message_under_a_key_is_refused_by_every_node() {
    let (_, [one, other]) = two();
    ends(&one, Outcome::Accepted).await;
    for node in [&one, &other] {
        let role = join(node, key(1), message(2).id(), |_| false).await;
        assert_eq!(word(&role), "KeyReused");
    }
}

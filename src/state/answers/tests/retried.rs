//! What a node tries again behind the back of its callers, and what becomes known after a call that asked again.

use tracing::Instrument;

use super::super::fake::{FakeAnswers, Fault};
use super::in_store::{SECOND, ending, ends, leader, node, role, two, word};
use super::*;
use crate::runtime::shutdown::{Settings as Drain, Shutdown};
use crate::runtime::telemetry::captured::Lines;

async fn asking(node: &Answers) -> (Leader, SendError) {
    match join(node, key(1), message(1).id(), |_| true).await {
        Role::Again(leader, before) => (leader, before),
        other => panic!("it may ask again: {}", word(&other)),
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_asks_again_and_hears_that_the_mail_is_queued_says_so_to_every_node() {
    let (_, [one, other]) = two();
    ends(&one, Outcome::Unknown).await;
    asking(&other).await.0.finish(Known::Queued).await;
    for node in [&one, &other] {
        assert_eq!(word(&role(node).await), "queued");
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_verdict_of_a_call_that_asked_in_vain_is_heard() {
    for is_away in [false, true] {
        let (store, [one, other]) = two();
        ends(&one, Outcome::Unknown).await;
        let (asking, before) = asking(&other).await;
        let late = asking.on_late_verdict();
        asking.finish(Known::Answered(Err(before))).await;
        assert_eq!(word(&role(&one).await), "Unknown of 1");
        *store.fault.lock().unwrap() = is_away.then_some(Fault::Down);
        late("u", &Verdict::new(Outcome::Accepted, Reason::Smtp(250)));
        tokio::time::sleep(SECOND).await;
        *store.fault.lock().unwrap() = None;
        tokio::time::sleep(SECOND).await;
        assert_eq!(word(&role(&one).await), "accepted", "{is_away}");
    }
}

/// What another node hears of the mail once a node has ended after this, whose store comes back a second later.
async fn after_the_end(happens: impl AsyncFnOnce(&Answers, &Arc<FakeAnswers>)) -> String {
    let (store, shutdown) = (Arc::new(FakeAnswers::default()), Shutdown::default());
    let one = ending(&store, &format!("a:{}", "1".repeat(64)), shutdown.clone());
    happens(&one, &store).await;
    *store.fault.lock().unwrap() = Some(Fault::Down);
    let ended = async {
        assert!(shutdown.drain(Drain { delay: Duration::ZERO, deadline: 20 * SECOND }).await);
        word(&role(&node(&store)).await)
    };
    let back = async {
        tokio::time::sleep(SECOND).await;
        *store.fault.lock().unwrap() = None;
    };
    tokio::join!(ended, back).0
}

#[tokio::test(start_paused = true)]
async fn the_exit_waits_until_the_store_has_heard_an_answer() {
    let heard = after_the_end(async |node, store| {
        let first = leader(node).await;
        *store.fault.lock().unwrap() = Some(Fault::Down);
        first.finish(Known::Answered(answer(message(1).id(), Outcome::Accepted, 0))).await;
    });
    assert_eq!(heard.await, "accepted");
}

#[tokio::test(start_paused = true)]
async fn the_exit_waits_until_the_store_has_heard_a_late_verdict() {
    let heard = after_the_end(async |node, store| {
        let first = leader(node).await;
        let late = first.on_late_verdict();
        first.finish(Known::Answered(answer(message(1).id(), Outcome::Unknown, 0))).await;
        *store.fault.lock().unwrap() = Some(Fault::Down);
        late("u", &Verdict::new(Outcome::Accepted, Reason::Smtp(250)));
    });
    assert_eq!(heard.await, "accepted");
}

#[tokio::test(start_paused = true)]
async fn the_exit_waits_until_the_store_has_heard_that_a_call_is_undone_and_no_longer() {
    let heard = after_the_end(async |node, store| {
        store.faults.lock().unwrap().extend([Fault::AnswerLost, Fault::Down]);
        assert_eq!(word(&role(node).await), "StoreUnavailable");
    });
    let start = Instant::now();
    assert_eq!(heard.await, "leader");
    assert!(start.elapsed() < 3 * SECOND, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_the_store_begins_after_it_was_undone_is_undone_again() {
    for wait in [1, 44] {
        let (store, [one, other]) = two();
        store.faults.lock().unwrap().extend([Fault::AnswerLost, Fault::Late]);
        assert_eq!(word(&role(&one).await), "StoreUnavailable");
        tokio::time::sleep(wait * SECOND).await;
        store.catch_up();
        assert_eq!(word(&role(&other).await), "InFlightElsewhere { retry_after: 5s }", "it is begun");
        tokio::time::sleep(10 * SECOND).await;
        assert_eq!(word(&role(&other).await), "leader", "{wait}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_never_began_keep_no_answer_from_being_heard_and_no_call_from_being_undone_for_long() {
    let (store, [one, other]) = two();
    *store.fault.lock().unwrap() = Some(Fault::Lost);
    for _ in 0..1001 {
        assert_eq!(word(&role(&one).await), "StoreUnavailable");
    }
    *store.fault.lock().unwrap() = None;
    let first = leader(&one).await;
    store.faults.lock().unwrap().extend([Fault::Down]);
    first.finish(Known::Answered(answer(message(1).id(), Outcome::Accepted, 0))).await;
    tokio::time::sleep(SECOND).await;
    assert_eq!(word(&role(&other).await), "accepted");
    store.set_on(100_000_000);
    tokio::time::sleep(50 * SECOND).await;
    store.faults.lock().unwrap().extend([Fault::AnswerLost, Fault::AnswerLost]);
    assert_eq!(word(&role(&one).await), "StoreUnavailable");
    tokio::time::sleep(SECOND).await;
    assert_eq!(word(&role(&other).await), "leader");
}

#[tokio::test(start_paused = true)]
async fn lines_about_what_is_tried_again_behind_a_call_have_the_trace_of_the_call() {
    let (lines, _log) = Lines::capture();
    let (store, [one, other]) = two();
    let request = |trace_id| tracing::error_span!("request", trace_id);
    let answered = async {
        let first = leader(&one).await;
        *store.fault.lock().unwrap() = Some(Fault::Down);
        first.finish(Known::Answered(answer(message(1).id(), Outcome::Accepted, 0))).await;
    };
    answered.instrument(request("of-an-answer")).await;
    let begun = async {
        store.faults.lock().unwrap().push_back(Fault::AnswerLost);
        assert_eq!(word(&role(&other).await), "StoreUnavailable");
    };
    begun.instrument(request("of-a-call")).await;
    tokio::time::sleep(100 * SECOND).await;
    let lines = lines.take();
    for (message, trace_id) in [
        ("the answer to a call was not kept in the store", "of-an-answer"),
        ("a call that was not handed over was not taken back in the store", "of-a-call"),
    ] {
        let line = lines.lines().find(|line| line.contains(message)).unwrap_or_else(|| panic!("{message}: {lines}"));
        assert!(line.contains(trace_id), "{line}");
    }
}

//! What becomes of a row after each kind of answer.

use super::*;

const ONCE: Capabilities = Capabilities { idempotency_window: Some(Duration::from_secs(1500)), ..ANY };

#[tokio::test(start_paused = true)]
async fn refusal_that_may_pass_is_tried_again_by_the_schedule() {
    let fails = Act::Say(Outcome::Unavailable);
    let node = Node::start(&[&[fails, fails, TAKES]]);
    node.add(1, "a", &["u0"]);
    let start = Instant::now();
    node.until_all_are(State::Accepted).await;
    let minutes = start.elapsed().as_secs_f64() / 60.0;
    assert!((6.0..7.3).contains(&minutes), "1 and 5 minutes, and a fifth more at most: {minutes}");
    let row = node.store.row(0);
    assert_eq!((row.attempts, row.fence), (2, 3));
    assert_eq!(row.ends, ["again u0:unavailable", "again u0:unavailable", "accepted u0:accepted"]);
}

#[tokio::test(start_paused = true)]
async fn mail_that_is_put_off_has_made_no_attempt() {
    let node = Node::start(&[&[Act::Say(Outcome::Deferred), Act::Say(Outcome::Deferred), TAKES]]);
    node.add(1, "a", &["u0"]);
    node.until_all_are(State::Accepted).await;
    assert_eq!(node.store.row(0).attempts, 0);
}

#[tokio::test(start_paused = true)]
async fn rejected_message_is_refused_at_once() {
    let node = Node::start(&[&[Act::Say(Outcome::MessageRejected)]]);
    node.add(1, "a", &["u0"]);
    node.until_all_are(State::Refused).await;
    assert_eq!(node.store.row(0).ends, ["refused u0:message_rejected"]);
}

#[tokio::test(start_paused = true)]
async fn silence_is_unknown_and_nobody_else_gets_the_mail() {
    let node = Node::start(&[&[Act::Hang], &[TAKES]]);
    node.add(1, "a", &["u0", "u1"]);
    node.until_all_are(State::Unknown).await;
    sleep(3000 * SECOND).await;
    assert_eq!((node.store.row(0).state, node.fixture.calls()), (State::Unknown, vec![1, 0]));
}

#[tokio::test(start_paused = true)]
async fn adapter_that_panics_leaves_the_mail_unknown_and_the_pump_at_work() {
    let node = Node::start(&[&[Act::Panic, TAKES]]);
    node.add(1, "a", &["u0"]);
    node.until_all_are(State::Unknown).await;
    node.add(1, "a", &["u0"]);
    node.until(|store| store.row(1).state == State::Accepted).await;
}

#[tokio::test(start_paused = true)]
async fn panic_with_a_row_in_hand_lets_it_go_and_the_pump_goes_on() {
    let node = Node::start(&[&[TAKES]]);
    node.add(1, "panics", &["u0"]);
    node.add(1, "a", &["u0"]);
    node.until(|store| store.row(0).ends == ["lost"] && store.row(1).state == State::Accepted).await;
    assert_eq!((node.store.row(0).state, node.store.row(0).attempts), (State::Queued, 0));
    assert_eq!(node.fixture.calls(), [1]);
}

#[tokio::test(start_paused = true)]
async fn mail_that_another_upstream_may_have_is_not_replayed_at_the_last_one() {
    let last = [Act::Say(Outcome::Unavailable), TAKES];
    let scripts: [(Capabilities, &[Act]); 2] = [(ANY, &[Act::Hang]), (ONCE, &last)];
    let node = Node::over(Fixture::of(Failover::Always, Strategy::Priority, 1000, &scripts));
    node.add(1, "a", &["u0", "u1"]);
    node.until_all_are(State::Unknown).await;
    assert_eq!(node.store.row(0).upstream.as_deref(), Some("u1"));
    sleep(1200 * SECOND).await;
    assert_eq!((node.store.row(0).state, node.fixture.calls()), (State::Unknown, vec![1, 1]));
}

#[tokio::test(start_paused = true)]
async fn verdict_that_comes_late_settles_an_unknown() {
    for (outcome, state) in [(Outcome::Accepted, State::Accepted), (Outcome::MessageRejected, State::Refused)] {
        let node = Node::start(&[&[Act::Late(90 * SECOND, outcome)]]);
        node.add(1, "a", &["u0"]);
        node.until_all_are(State::Unknown).await;
        node.until_all_are(state).await;
        let word = format!("{} u0:{} late", state.as_str(), outcome.as_str());
        assert_eq!(node.store.row(0).ends, ["unknown u0:unknown".to_owned(), word]);
    }
}

/// While the sender is held no mail of it is offered, which is no refusal of that mail.
#[tokio::test(start_paused = true)]
async fn mail_of_a_sender_that_was_refused_for_a_while_is_sent_after_all() {
    let refuses = Act::Say(Outcome::SenderRejected);
    let node = Node::start(&[&[refuses, refuses, refuses, TAKES, TAKES, TAKES]]);
    node.add(3, "a", &["u0"]);
    node.until_all_are(State::Accepted).await;
}

#[tokio::test(start_paused = true)]
async fn refusal_of_a_replay_is_not_taken_for_the_verdict_of_the_first_hand_over() {
    // A key in use, a message that differs from the first one: what a 4xx says of the second call.
    let duplicate = Act::Because(Outcome::Unknown, Reason::Duplicate);
    let refusals = [Outcome::MessageRejected, Outcome::SenderRejected, Outcome::Unclassified, Outcome::Unlisted];
    for act in refusals.map(Act::Say).into_iter().chain([duplicate]) {
        let scripts: [(Capabilities, &[Act]); 2] = [(ONCE, &[Act::Hang, act, TAKES]), (ANY, &[])];
        let node = Node::over(Fixture::of(Failover::Safe, Strategy::Priority, 1000, &scripts));
        node.add(1, "a", &["u0", "u1"]);
        node.until(|store| store.row(0).ends.len() == 2).await;
        assert_eq!((node.store.row(0).state, node.fixture.calls()), (State::Unknown, vec![2, 0]), "{act:?}");
        node.until_all_are(State::Accepted).await;
        assert_eq!(node.fixture.calls(), [3, 0], "{act:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_is_replayed_at_the_upstream_that_takes_it_once_until_that_brings_clarity() {
    let fails = Act::Say(Outcome::Unavailable);
    let scripts: [(Capabilities, &[Act]); 2] = [(ONCE, &[Act::Hang, fails, TAKES]), (ANY, &[])];
    let node = Node::over(Fixture::of(Failover::Safe, Strategy::Priority, 1000, &scripts));
    node.add(1, "a", &["u0", "u1"]);
    node.until_all_are(State::Accepted).await;
    let ends = ["unknown u0:unknown", "again u0:unavailable", "accepted u0:accepted"];
    assert_eq!((node.store.row(0).ends, node.fixture.calls()), (ends.map(str::to_owned).to_vec(), vec![3, 0]));
    assert_eq!(node.store.row(0).fence, 3);
}

#[tokio::test(start_paused = true)]
async fn no_mail_is_replayed_while_as_many_bytes_are_in_hand_as_there_may_be() {
    let scripts: [(Capabilities, &[Act]); 1] = [(ONCE, &[Act::Hang, TAKES])];
    let node = Node::over(Fixture::of(Failover::Safe, Strategy::Priority, 1000, &scripts));
    node.add(1, "a", &["u0"]);
    node.until_all_are(State::Unknown).await;
    let held = node.pump.0.in_hand.hold(1 << 40);
    sleep(600 * SECOND).await;
    assert_eq!((node.store.row(0).state, node.fixture.calls()), (State::Unknown, vec![1]));
    drop(held);
    node.until_all_are(State::Accepted).await;
}

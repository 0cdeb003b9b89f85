//! The end of a node: nothing more is claimed or marked, and what is under way has its time.

use super::*;
use crate::runtime::shutdown::Settings;

const DRAIN: Settings = Settings { delay: Duration::ZERO, deadline: Duration::from_secs(65) };

#[tokio::test(start_paused = true)]
async fn what_is_under_way_ends_and_nothing_more_is_marked() {
    let node = Node::start(&[&[Act::SayAfter(40 * SECOND, Outcome::Accepted); 4]]);
    ["a", "b"].into_iter().for_each(|caller| node.add(10, caller, &["u0"]));
    node.until(|store| store.count(State::Sending) == 4).await;
    let start = Instant::now();
    node.drain.drain(DRAIN).await;
    assert!(start.elapsed() < 41 * SECOND, "as long as the last one needs: {:?}", start.elapsed());
    let [accepted, queued] = [State::Accepted, State::Queued].map(|state| node.store.count(state));
    assert_eq!((accepted, queued, node.fixture.calls()), (4, 16, vec![4]));
}

#[tokio::test(start_paused = true)]
async fn what_was_claimed_and_not_marked_goes_back_unharmed() {
    let node = Node::start(&[&[TAKES; 4]]);
    ["a", "b"].into_iter().for_each(|caller| node.add(2, caller, &["u0"]));
    node.until(|store| store.count(State::Claimed) > 0).await;
    node.drain.drain(DRAIN).await;
    assert_eq!((node.store.count(State::Queued), node.fixture.calls()), (4, vec![0]));
    assert!(node.store.rows.lock().unwrap().iter().all(|row| row.ends.is_empty() && row.attempts == 0));
}

#[tokio::test(start_paused = true)]
async fn no_further_upstream_is_asked_while_the_node_drains() {
    let node = Node::start(&[&[Act::SayAfter(10 * SECOND, Outcome::Unavailable)], &[]]);
    node.add(1, "a", &["u0", "u1"]);
    node.until(|store| store.count(State::Sending) == 1).await;
    node.drain.drain(DRAIN).await;
    let row = node.store.row(0);
    assert_eq!((row.state, row.attempts, node.fixture.calls()), (State::Queued, 0, vec![1, 0]));
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_cut_and_its_end_recorded() {
    let node = Node::start(&[&[Act::Hang]]);
    node.add(1, "a", &["u0"]);
    node.until(|store| store.count(State::Sending) == 1).await;
    node.drain.drain(Settings { deadline: 20 * SECOND, ..DRAIN }).await;
    assert_eq!(node.store.row(0).state, State::Unknown);
}

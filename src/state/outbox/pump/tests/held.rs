//! What holds a node back from claiming until people say so.

use super::*;
use crate::state::outbox::WentBack;

#[tokio::test(start_paused = true)]
async fn an_older_copy_is_not_asked_for_mail_until_it_is_accepted() {
    let node = Node::start(&[&[TAKES]]);
    *node.store.went_back.lock().unwrap() = Some(WentBack::Marks(1000));
    sleep(10 * SECOND).await;
    node.store.calls.lock().unwrap().clear();
    node.add(1, "a", &["u0"]);
    sleep(600 * SECOND).await;
    assert_eq!(node.store.asked(), [""; 0]);
    *node.store.went_back.lock().unwrap() = None;
    node.until_all_are(State::Accepted).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_starts_paused_claims_once_an_operator_lets_it() {
    let held = PausedStart::new(true);
    let node = Node::held(held.clone(), &[&[TAKES]]);
    node.add(1, "a", &["u0"]);
    sleep(600 * SECOND).await;
    assert_eq!(node.store.asked(), [""; 0]);
    held.end();
    node.until_all_are(State::Accepted).await;
}

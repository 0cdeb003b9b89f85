//! A task of the pump that panics is started anew, and counted; what is under way goes on meanwhile.

use super::*;

/// A call that the store gets of each task, and of each part of its work.
const CALLS: [&str; 6] = ["route_sets", "claim", "heartbeat", "bury", "sweep", "stale"];

#[tokio::test(start_paused = true)]
async fn each_task_that_panics_is_started_anew_and_three_panics_within_a_minute_are_too_many() {
    for call in CALLS {
        let node = Node::start(&[&[Act::SayAfter(10 * SECOND, Outcome::Accepted), TAKES, TAKES, TAKES, TAKES]]);
        node.add(1, "a", &["u0"]);
        node.until(|store| store.count(State::Sending) == 1).await;
        for panics in 1..=3 {
            node.store.fail(call, Fault::Panic);
            node.add(1, "b", &["u0"]);
            node.until(Fake::has_failed).await;
            assert_eq!(node.restarts.are_too_many(), panics == 3, "{call}, {panics} panics");
        }
        node.until_all_are(State::Accepted).await;
        let asked = || node.store.calls.lock().unwrap().iter().filter(|asked| **asked == call).count();
        let before = asked();
        sleep(60 * SECOND).await;
        // A node that is silent for so long claims nothing more.
        node.add(1, "b", &["u0"]);
        node.until_all_are(State::Accepted).await;
        assert!(asked() > before, "{call} is never asked again");
        assert!(!node.restarts.are_too_many(), "{call}, a minute later");
        assert_eq!(node.fixture.calls(), [5], "{call}");
    }
}

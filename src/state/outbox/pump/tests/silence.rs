//! A pump that hangs is found by its age, and one that has nothing to do is not.

use super::*;

/// The age of each task in seconds: claims, heartbeat, upkeep.
fn ages(node: &Node) -> [f64; 3] {
    let page = node.metrics.render();
    ["claims", "heartbeat", "upkeep"].map(|task| {
        let start = format!("smsp_outbox_task_age_seconds{{task=\"{task}\"}} ");
        let age = page.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_else(|| panic!("{task}: {page}"));
        age.parse().unwrap()
    })
}

#[tokio::test(start_paused = true)]
async fn claims_that_hang_are_silent_while_the_rest_goes_round() {
    for call in ["route_sets", "claim"] {
        let node = Node::start(&[&[TAKES; 2]]);
        assert_eq!(ages(&node), [0.0; 3], "from the start");
        node.add(1, "a", &["u0"]);
        node.until_all_are(State::Accepted).await;
        node.store.fail(call, Fault::Hang);
        node.add(1, "a", &["u0"]);
        node.until(Fake::has_failed).await;
        sleep(600 * SECOND).await;
        let [claims, heartbeat, upkeep] = ages(&node);
        assert!(claims >= 600.0 && heartbeat <= 15.0 && upkeep <= 60.0, "{call}: {claims} {heartbeat} {upkeep}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pump_that_has_nothing_to_do_or_may_do_nothing_goes_round() {
    let without_upstream = Node::start(&[&[TAKES]]);
    without_upstream.fixture.upstreams[0].override_circuit(Override::Open);
    let paused = Node::held(PausedStart::new(true), &[&[TAKES]]);
    let older = Node::start(&[&[TAKES]]);
    *older.store.went_back.lock().unwrap() = Some(crate::state::outbox::WentBack::Place);
    // Its heartbeat does not wake it.
    let unavailable: [(Capabilities, &[Act]); 1] = [(ANY, &[Act::Say(Outcome::Unavailable)])];
    let down = Node::over(Fixture::of(Failover::Safe, Strategy::Priority, 1, &unavailable));
    assert!(down.fixture.send().await.is_err());
    down.fixture.upstreams[0].schedule_probe(3600 * SECOND);
    for call in ["heartbeat", "bury", "sweep", "route_sets"] {
        (0..1000).for_each(|_| down.store.fail(call, Fault::Down));
    }
    let nodes = [Node::start(&[&[TAKES]]), without_upstream, paused, older, down];
    nodes.iter().for_each(|node| node.add(1, "a", &["u0"]));
    for _ in 0..60 {
        sleep(7 * SECOND).await;
        for (place, node) in nodes.iter().enumerate() {
            assert!(ages(node).iter().all(|age| *age <= 30.0), "{place}: {:?}", ages(node));
        }
    }
}

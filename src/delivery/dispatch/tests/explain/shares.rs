//! The shares that are explained against where 20,000 mails without a key go, by Pearson's chi-square test.

use proptest::strategy::{Strategy as _, ValueTree};
use proptest::test_runner::TestRunner;

use super::*;

const MAILS: usize = 20_000;

/// Critical values of the chi-square distribution: fair shares exceed them once in a hundred thousand times. By degrees of
/// freedom from 0.
const CRITICAL: [f64; 5] = [0.0, 19.51, 23.03, 25.90, 28.47];

/// For each strategy.
const NODES: usize = 2;

#[tokio::test(start_paused = true)]
async fn explained_shares_hold_over_20_000_mails_on_random_nodes() {
    fastrand::seed(11);
    let mut random = TestRunner::deterministic();
    for strategy in [Strategy::Priority, Strategy::RoundRobin, Strategy::Weighted, Strategy::Adaptive] {
        let mut checked = 0;
        while checked < NODES {
            let node = node().new_tree(&mut random).expect("a node can be drawn").current().with_lasting_shares();
            if node.strategy_for("a@example.org") == strategy {
                checked += usize::from(shares_hold(&node).await);
            }
        }
    }
}

/// Fails unless they hold. Does mail go to several upstreams, so that it could fail?
async fn shares_hold(node: &Node) -> bool {
    let fixture = node.start(MAILS).await;
    let plan = fixture.dispatcher.explain(&submitted("a@example.org", None)).plan;
    let (with, without): (Vec<_>, Vec<_>) = plan.iter().partition(|place| place.share > 0.0);
    if with.len() < 2 {
        return false;
    }
    let before = fixture.calls();
    for _ in 0..MAILS {
        assert!(fixture.send().await.is_ok());
    }
    let calls: Vec<_> = fixture.calls().iter().zip(before).map(|(after, before)| after - before).collect();
    let count = |place: &ExplainedPlace| f64::from(calls[place.upstream[1..].parse::<usize>().expect("a number")]);
    let expected = |place: &ExplainedPlace| place.share * MAILS as f64;
    let distance = |place: &&ExplainedPlace| (count(place) - expected(place)).powi(2) / expected(place);
    let chi_square: f64 = with.iter().map(distance).sum();
    assert!(chi_square <= CRITICAL[with.len() - 1], "{chi_square}: {calls:?} {plan:?} {node:?}");
    assert!(without.into_iter().all(|place| count(place) < 0.5), "{calls:?} {plan:?} {node:?}");
    true
}

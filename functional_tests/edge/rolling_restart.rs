//! R-drain: three nodes behind HAProxy are restarted one after the other for a minute, under mails that take two
//! seconds each: every one is answered 200 and sent once.

mod haproxy;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::counting_provider::CountingProvider;
use super::load::Load;
use super::load_results::{LoadResults, p99};
use crate::harness::tool::{free_port, is_here};
use crate::harness::wait::PATIENCE;
use crate::harness::{Proxy, Settings, report};
use haproxy::Haproxy;

const WORK: Duration = Duration::from_secs(2);
const RATE: u32 = 200;
const LOADED: Duration = Duration::from_secs(60);
const NODES: usize = 3;
/// HAProxy takes 400 ms to see that a node goes.
const DELAY: &str = "1s";

/// The nodes, that which has run longest first.
struct Cluster {
    provider: CountingProvider,
    haproxy: Haproxy,
    nodes: VecDeque<(String, Proxy)>,
}

impl Cluster {
    async fn start() -> Self {
        let (provider, ports): (_, Vec<_>) = (CountingProvider::start(WORK), (0..NODES).map(|_| free_port()).collect());
        let haproxy = Haproxy::start(&ports).await;
        let mut nodes = VecDeque::new();
        for port in ports {
            nodes.push_back((port.clone(), Proxy::start(settings(&provider, &port)).await));
            haproxy.sees(&port).await;
        }
        Self { provider, haproxy, nodes }
    }

    /// The next one goes as this does it, and comes back.
    async fn restart(&mut self, go: impl AsyncFnOnce(Proxy)) {
        let (port, node) = self.nodes.pop_front().expect("there are nodes");
        go(node).await;
        self.nodes.push_back((port.clone(), Proxy::start(settings(&self.provider, &port)).await));
        self.haproxy.sees(&port).await;
    }

    /// One after the other, under the load.
    async fn restart_during(&mut self, time: Duration, go: impl AsyncFn(Proxy)) -> (LoadResults, usize) {
        let (load, end) = (Load::on(self.haproxy.api).start(RATE), Instant::now() + time);
        let mut restarts = 0;
        while Instant::now() < end {
            self.restart(&go).await;
            restarts += 1;
        }
        (load.stop().await, restarts)
    }
}

fn settings(provider: &CountingProvider, port: &str) -> Settings {
    provider.settings().with("SMSP_PORT", port).with("SMSP_DRAIN_DELAY", DELAY)
}

async fn drain(node: Proxy) {
    node.terminate();
    let output = node.exit(PATIENCE).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.stdout.contains("\"drained\""), "{output:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn rolling_restart_under_load_loses_and_duplicates_no_mail() {
    if !is_here("haproxy", "haproxy") {
        return;
    }
    let mut cluster = Cluster::start().await;
    let (results, restarts) = cluster.restart_during(LOADED, drain).await;
    let violations = results.violations(&cluster.provider.accepted());
    report(
        "R-drain",
        &format!(
            "{restarts} restarts; {} mails, {} failed, {} lost, denied or duplicate; p99 {:.2?} of {WORK:?}",
            results.sent.len(),
            results.failures().len(),
            violations.len(),
            p99(&results.sent),
        ),
    );
    assert!(restarts >= NODES, "{restarts} restarts");
    results.expect_no_failure();
    assert!(violations.is_empty(), "{violations:#?}");
    assert_eq!(cluster.provider.count(), results.sent.len());
}

/// So that it is the drain that saves the mails above, and not HAProxy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn nodes_that_are_killed_instead_lose_answers() {
    if is_here("haproxy", "haproxy") {
        let mut cluster = Cluster::start().await;
        let (results, _) = cluster.restart_during(WORK, async |node| drop(node)).await;
        assert!(!results.failures().is_empty(), "nobody noticed");
    }
}

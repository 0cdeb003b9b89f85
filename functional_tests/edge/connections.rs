//! More connections than a node serves: the next few hear why, those beyond are dropped, and load balancers still ask.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::settings::API_KEY;
use crate::harness::wait::when;
use crate::harness::{Answer, Client, Proxy, Settings, eventually, mails};

const MOST: usize = 50;
/// Far more than any reserve.
const SURPLUS: usize = 150;
/// Listeners, signals, timers, a provider: what a node has open without any caller.
const OWN_FILES: usize = 40;

/// A node with as many connections as it serves, which say nothing.
async fn full() -> (Proxy, Vec<TcpStream>) {
    let settings = Settings::mock().with("SMSP_MAX_CONNECTIONS", &MOST.to_string());
    let proxy = Proxy::start(settings.with("SMSP_HEADER_TIMEOUT", "60s")).await;
    let held = open_connections(&proxy, MOST).await;
    has_connections(&proxy, MOST).await;
    (proxy, held)
}

async fn open_connections(proxy: &Proxy, count: usize) -> Vec<TcpStream> {
    let mut connections = Vec::new();
    for _ in 0..count {
        connections.push(TcpStream::connect(proxy.api).await.expect("the kernel takes connections"));
    }
    connections
}

/// Beside the operator's own.
async fn has_connections(proxy: &Proxy, count: usize) {
    eventually(&format!("{count} connections"), async || {
        let metrics = proxy.client.metrics().await;
        when(metrics.count("smsp_connections", &[]) == count as u64 + 1, || metrics.page)
    })
    .await;
}

/// A client with a new connection.
fn new_client(proxy: &Proxy) -> Client {
    Client::new(&format!("http://{}", proxy.api), API_KEY)
}

fn is_turned_away(answer: Answer) {
    let answer = answer.expect_problem(503, "none", true);
    assert_eq!(answer.header("connection"), Some("close"), "{answer}");
    assert!(answer.retry_after() >= 1, "{answer}");
}

#[tokio::test]
async fn connections_beyond_the_limit_get_503_and_health_checks() {
    let (proxy, held) = full().await;
    is_turned_away(new_client(&proxy).send(&mails::plain()).await);
    new_client(&proxy).healthcheck().await.expect(200);
    let metrics = proxy.client.metrics().await;
    assert!(metrics.count("smsp_shed_total", &[("reason", "connections")]) >= 1, "{}", metrics.page);
    drop(held);
    has_connections(&proxy, 0).await;
    new_client(&proxy).send(&mails::plain()).await.expect(200);
}

#[tokio::test]
async fn connections_beyond_the_limit_are_dropped_and_cost_no_files() {
    let (proxy, held) = full().await;
    let mut beyond = open_connections(&proxy, SURPLUS).await;
    let last = beyond.last_mut().expect("a connection");
    // It would be kept for a minute if it were served.
    let end = timeout(Duration::from_secs(10), last.read(&mut [0; 16])).await;
    assert!(matches!(end, Ok(Ok(0) | Err(_))), "the last of them is still there: {end:?}");
    let files = proxy.process.open_files();
    assert!(files <= MOST + SURPLUS / 2 + OWN_FILES, "{files} files");
    drop((held, beyond));
    has_connections(&proxy, 0).await;
    new_client(&proxy).send(&mails::plain()).await.expect(200);
}

//! X-oom: clients who want all the memory of a node, with large mails, with bodies that stall before their end, with
//! thousands of connections: it is not killed, and serves afterwards.
//!
//! With what is built in, a node has the memory that the manifests grant. With a quarter of that its budget of bytes is
//! half of the built-in one, and the C library gives memory back at once.

mod cell;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::harness::raw::head;
use crate::harness::settings::API_KEY;
use crate::harness::stub_provider::Look;
use crate::harness::wait::when;
use crate::harness::{Proxy, Reply, Settings, StubProvider, eventually, mails, report};
use cell::Cell;

const MIB: usize = 1 << 20;
const GRANTED: usize = 512 * MIB;
const LITTLE: usize = 128 * MIB;
const TOO_LITTLE: usize = 32 * MIB;
const SILENT: usize = 4000;
const TIME: Duration = Duration::from_secs(10);

/// So many clients, whose bodies are so large.
struct Siege {
    clients: usize,
    body: usize,
    /// Do they stop before the last byte?
    stall: bool,
}

/// Mails of almost the largest size, more large ones than there is room for, and as many that never end.
const SIEGES: [Siege; 3] = [
    Siege { clients: 2, body: 25 * MIB, stall: false },
    Siege { clients: 64, body: 7 * MIB, stall: false },
    Siege { clients: 64, body: 25 * MIB, stall: true },
];

/// A node in a cell, before a provider that takes all.
async fn node(cell: &Cell, settings: Settings) -> (StubProvider, Proxy) {
    let provider = StubProvider::gated(|_| Look::Read, |_| Reply::sendgrid_accepts().into());
    let settings = settings.sendgrid(&provider.url());
    let proxy = Proxy::of(cell.smsp(&settings), &settings).await;
    (provider, proxy)
}

/// All of them at once, again and again, and the silent ones beside them.
fn besiege(proxy: &Proxy, siege: &Siege) -> JoinSet<()> {
    let mail = mails::but("text", json!("x".repeat(siege.body))).to_string();
    let length = format!("connection: close\r\ncontent-length: {}", mail.len() + usize::from(siege.stall));
    let request: Arc<str> = (head(&[&length, &format!("x-api-key: {API_KEY}")]) + &mail).into();
    let mut clients = JoinSet::new();
    for number in 0..siege.clients + SILENT {
        let (api, request) = (proxy.api, if number < siege.clients { request.clone() } else { "".into() });
        clients.spawn(async move {
            while let Ok(mut stream) = TcpStream::connect(api).await {
                // Whatever becomes of it.
                let _ = stream.write_all(request.as_bytes()).await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        });
    }
    clients
}

/// Every siege, one after the other, with this much memory.
async fn is_withstood(name: &str, limit: usize, settings: Settings) {
    let Some(cell) = Cell::new(limit) else { return };
    let (_provider, mut proxy) = node(&cell, settings).await;
    let idle = proxy.process.peak_kib();
    for siege in &SIEGES {
        let mut clients = besiege(&proxy, siege);
        let left = timeout(TIME, clients.join_next()).await;
        assert!(left.is_err() && proxy.process.ended().is_none(), "{name}: it is gone, {} killed", cell.kills());
        clients.shutdown().await;
    }
    let peak = proxy.process.peak_kib();
    eventually("it serves as before", async || {
        let answer = proxy.client.send(&mails::plain()).await;
        when(answer.status == 200, || answer.to_string())
    })
    .await;
    let metrics = proxy.client.metrics().await;
    let taken = metrics.count("smsp_requests_total", &[("path", "/email"), ("status", "200")]);
    let shed = metrics.count("smsp_shed_total", &[("reason", "bytes")]);
    let [peak, idle, limit] = [peak / 1024, idle / 1024, (limit / MIB) as u64];
    report("X-oom", &format!("{name}: {peak} of {limit} MiB, {idle} when idle; {taken} mails taken, {shed} shed"));
    assert!(taken > 1 && shed > 0 && cell.kills() == 0, "no siege: {}", metrics.page);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it, as root"]
async fn node_with_defaults_needs_less_memory_than_the_manifests_grant() {
    is_withstood("as built in", GRANTED, Settings::server()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it, as root"]
async fn a_node_with_128_mib_and_half_the_budget_outlives_the_same_clients() {
    let settings = Settings::server().with("SMSP_MAX_IN_FLIGHT_BYTES", "32MiB");
    is_withstood("half the budget", LITTLE, settings.with("MALLOC_MMAP_THRESHOLD_", "131072")).await;
}

/// So that it is the limits that hold above, and not the clients that are harmless.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it, as root"]
async fn a_node_with_too_little_is_killed_by_the_same_clients() {
    let Some(cell) = Cell::new(TOO_LITTLE) else { return };
    let (_provider, mut proxy) = node(&cell, Settings::server()).await;
    let _clients = besiege(&proxy, &SIEGES[1]);
    eventually("it is killed", async || {
        when(proxy.process.ended().is_some() && cell.kills() > 0, || format!("{} killed", cell.kills()))
    })
    .await;
}

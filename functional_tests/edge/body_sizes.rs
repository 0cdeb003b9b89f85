//! E-size: bodies that are large, many or stalled cost one budget of bytes for all of them together.

use std::net::SocketAddr;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::harness::raw::head;
use crate::harness::settings::API_KEY;
use crate::harness::wait::when;
use crate::harness::{Proxy, Settings, eventually, mails};

const MIB: usize = 1 << 20;
/// The size of one body.
const MOST: usize = 2 * MIB;
/// The budget of all bodies. Without it, the bodies below cost two hundred.
const BUDGET: usize = 32 * MIB;
const CLIENTS: usize = 100;
/// What a connection takes that reads a body, beside what the budget counts.
const CONNECTION: usize = 128 << 10;

async fn with_a_small_budget() -> Proxy {
    let [most, budget] = [MOST, BUDGET].map(|bytes| format!("{}MiB", bytes / MIB));
    let settings = Settings::mock().with("SMSP_MAX_BODY", &most).with("SMSP_MAX_IN_FLIGHT_BYTES", &budget);
    // Only what is held is to be seen, not what the C library keeps of memory that it was given back.
    let settings = settings.with("MALLOC_MMAP_THRESHOLD_", "131072").with("SMSP_BODY_TIMEOUT", "60s");
    let proxy = Proxy::start(settings).await;
    // What the first mail takes is nobody's fault.
    proxy.client.send(&mails::plain()).await.expect(200);
    proxy
}

/// Everything that comes back for these headers and bytes; a client who is answered early writes no more.
async fn answer(api: SocketAddr, headers: String, body: String) -> String {
    let mut stream = TcpStream::connect(api).await.expect("the proxy takes connections");
    let (mut reading, mut writing) = stream.split();
    let key = format!("x-api-key: {API_KEY}");
    let request = head(&[&headers, &key]) + &body;
    let mut answer = Vec::new();
    let all = async {
        // It may be closed in the middle.
        let _ = writing.write_all(request.as_bytes()).await;
        std::future::pending().await
    };
    tokio::select! {
        // A reset after an answer is a close too.
        _ = reading.read_to_end(&mut answer) => {}
        () = all => {}
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Waits until each body is refused, or here but for its end; returns the answers to those that are refused.
async fn settled(proxy: &Proxy, clients: &mut JoinSet<String>) -> Vec<String> {
    let mut answers = Vec::new();
    eventually("each body is refused, or here but for its end", async || {
        while let Some(answer) = clients.try_join_next() {
            answers.push(answer.expect("a client does not panic"));
        }
        let stalled = (CLIENTS - answers.len()) * (MOST - 1);
        holds(proxy, stalled).await
    })
    .await;
    answers
}

async fn holds(proxy: &Proxy, bytes: usize) -> Result<(), String> {
    let metrics = proxy.client.metrics().await;
    when(metrics.count("smsp_in_flight_bytes", &[]) == bytes as u64, || format!("{bytes} bytes?\n{}", metrics.page))
}

#[tokio::test]
async fn a_hundred_stalled_bodies_cost_no_more_than_the_budget() {
    let proxy = with_a_small_budget().await;
    let (idle, mut clients) = (proxy.process.peak_kib(), JoinSet::new());
    for _ in 0..CLIENTS {
        let length = format!("connection: close\r\ncontent-length: {MOST}");
        clients.spawn(answer(proxy.api, length, "x".repeat(MOST - 1)));
    }
    let answers = settled(&proxy, &mut clients).await;
    let (cost, most) = (proxy.process.peak_kib() - idle, (BUDGET * 3 / 2 + CLIENTS * CONNECTION) / 1024);
    assert!(cost <= most as u64, "{cost} KiB, at most {most}");
    assert!((CLIENTS - BUDGET / MOST..CLIENTS).contains(&answers.len()), "{} refused", answers.len());
    for answer in &answers {
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("\"delivery\":\"none\""), "{answer:?}");
    }
    let metrics = proxy.client.metrics().await;
    assert_eq!(metrics.count("smsp_shed_total", &[("reason", "bytes")]), answers.len() as u64, "{}", metrics.page);
    proxy.client.send(&mails::plain()).await.expect(200);
    clients.shutdown().await;
    eventually("what they held is free again", async || holds(&proxy, 0).await).await;
    proxy.client.send(&mails::but("text", json!("x".repeat(MOST / 2)))).await.expect(200);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413_in_both_forms_and_not_kept() {
    let proxy = with_a_small_budget().await;
    let (idle, large) = (proxy.process.peak_kib(), "x".repeat(2 * MOST));
    let announced = (format!("content-length: {}", large.len()), large.clone());
    let chunked = ("transfer-encoding: chunked".to_owned(), format!("{:x}\r\n{large}\r\n", large.len()));
    for _ in 0..CLIENTS / 4 {
        for (form, body) in [&announced, &chunked] {
            let answer = answer(proxy.api, form.clone(), body.clone()).await;
            assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("\"delivery\":\"none\""), "{answer:?}");
        }
    }
    let cost = proxy.process.peak_kib() - idle;
    assert!(cost <= (4 * MOST / 1024) as u64, "one body at a time, and its like while it grows: {cost} KiB");
}

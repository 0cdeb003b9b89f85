//! SIGTERM while clients leave something half done: the end comes with the drain deadline, and idle ones do not delay
//! it.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;

use crate::harness::lag::Lag;
use crate::harness::raw::{Raw, head};
use crate::harness::settings::API_KEY;
use crate::harness::wait::{PATIENCE, when};
use crate::harness::{Proxy, Settings, StubProvider, eventually, mails};

/// Before the five seconds that a slow head or body has during the drain.
const DEADLINE: Duration = Duration::from_secs(1);
const GRACE: Duration = Duration::from_millis(500);
const IDLE: usize = 50;
/// Thrice what the kernel keeps of answers that nobody reads.
const UNREAD: usize = 1000;
/// So often the same number of answers: it is stuck with the next one.
const STUCK: usize = 30;

async fn with_a_short_deadline() -> Proxy {
    Proxy::start(Settings::mock().with("SMSP_DRAIN_DEADLINE", "1s")).await
}

/// Ends with 0, in this time and half a second.
async fn ends_within(proxy: Proxy, most: Duration) -> Duration {
    let (lag, start) = (Lag::measure(), Instant::now());
    proxy.terminate();
    let output = proxy.exit(PATIENCE).await;
    let (took, bar) = (start.elapsed(), most + GRACE + lag.allowance());
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(took <= bar, "{took:?}, at most {bar:?}: {output:?}");
    took
}

/// One request on it has been answered.
async fn kept(proxy: &Proxy) -> Raw {
    let mut client = Raw::connect(proxy.api).await;
    client.write("GET /healthcheck HTTP/1.1\r\nhost: smsp\r\n\r\n").await;
    client.read_until("200 OK").await;
    client
}

#[tokio::test]
async fn connections_without_a_request_do_not_delay_the_end() {
    let proxy = Proxy::start(Settings::mock()).await;
    let (mut kept_ones, mut silent) = (Vec::new(), Vec::new());
    for _ in 0..IDLE {
        kept_ones.push(kept(&proxy).await);
        silent.push(TcpStream::connect(proxy.api).await.expect("the proxy takes connections"));
    }
    proxy.client.ops("/readyz").await.expect(200);
    ends_within(proxy, Duration::ZERO).await;
}

#[tokio::test]
async fn half_a_head_ends_with_the_drain_deadline() {
    let proxy = with_a_short_deadline().await;
    let mut client = kept(&proxy).await;
    client.write("POST /email HTTP/1.1\r\nhost: smsp\r\nx-api").await;
    ends_within(proxy, DEADLINE).await;
}

#[tokio::test]
async fn half_a_body_ends_with_the_drain_deadline() {
    let proxy = with_a_short_deadline().await;
    let mut client = Raw::connect(proxy.api).await;
    let key = format!("x-api-key: {API_KEY}");
    client.write(&head(&["content-length: 100", "expect: 100-continue", &key])).await;
    client.read_until("100 Continue").await;
    client.write("{\"from\":").await;
    let took = ends_within(proxy, DEADLINE).await;
    assert!(took >= DEADLINE - GRACE, "it had its chance: {took:?}");
}

#[tokio::test]
async fn answers_that_nobody_reads_end_with_the_drain_deadline() {
    let proxy = with_a_short_deadline().await;
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    socket.set_recv_buffer_size(1).expect("the kernel takes its least instead");
    let mut client = socket.connect(proxy.api).await.expect("the proxy takes connections");
    let request = "GET /openapi.json HTTP/1.1\r\nhost: smsp\r\n\r\n".repeat(UNREAD);
    client.write_all(request.as_bytes()).await.expect("the proxy reads on");
    let (mut last, mut same) = (0, 0);
    eventually("the proxy cannot write on", async || {
        let answered = proxy.client.metrics().await.count("smsp_requests_total", &[("path", "/openapi.json")]);
        same = if answered > 0 && answered == last { same + 1 } else { 0 };
        last = answered;
        when(same == STUCK, || format!("{answered} answers"))
    })
    .await;
    assert!(last < UNREAD as u64, "the kernel has taken all of them");
    ends_within(proxy, DEADLINE).await;
}

#[tokio::test]
async fn a_second_signal_does_not_wait_for_half_a_body_either() {
    let proxy = Proxy::start(Settings::mock()).await;
    let mut client = Raw::connect(proxy.api).await;
    let key = format!("x-api-key: {API_KEY}");
    client.write(&head(&["content-length: 100", "expect: 100-continue", &key])).await;
    client.read_until("100 Continue").await;
    proxy.terminate();
    proxy.stopped_accepting().await;
    ends_within(proxy, Duration::ZERO).await;
}

#[tokio::test]
async fn during_the_drain_delay_every_answer_ends_its_connection() {
    let provider = StubProvider::mailgun().await;
    let settings = Settings::server().mailgun(&provider.url()).with("SMSP_DRAIN_DELAY", "2s");
    let proxy = Proxy::start(settings).await;
    let mut old = kept(&proxy).await;
    proxy.terminate();
    eventually("the signal is seen", async || {
        let answer = proxy.client.healthcheck().await;
        when(answer.status == 503, || answer.to_string())
    })
    .await;
    old.write("GET /nothing HTTP/1.1\r\nhost: smsp\r\n\r\n").await;
    let answer = old.read_to_end().await.to_ascii_lowercase();
    assert!(answer.contains("404") && answer.contains("\r\nconnection: close\r\n"), "{answer}");
    let answer = proxy.client.send(&mails::plain()).await.expect(200);
    assert_eq!(answer.header("connection"), Some("close"), "{answer}");
    let answer = proxy.client.healthcheck().await.expect(503);
    assert_eq!(answer.header("connection"), Some("close"), "{answer}");
    ends_within(proxy, Duration::from_secs(2)).await;
}

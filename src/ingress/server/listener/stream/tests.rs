//! However bytes come in, they go on unchanged, a request at a time, and no client may take longer than allowed.

use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;
use crate::ingress::server::listener::head::HeadFault;
use crate::runtime::metrics::ClientFault;

const SECOND: Duration = Duration::from_secs(1);
const LIMITS: Limits = Limits { header_timeout: SECOND, idle_timeout: Duration::from_secs(60), max_connections: 1 };

struct Setup {
    client: DuplexStream,
    stream: Stream<DuplexStream>,
    state: Arc<ConnectionState>,
    requests: TaskTracker,
}

fn setup() -> Setup {
    let (client, ours) = duplex(1 << 20);
    let (state, requests) = (Arc::new(ConnectionState::default()), TaskTracker::new());
    let stream = Stream::new(ours, LIMITS, requests.clone(), Arc::clone(&state));
    Setup { client, stream, state, requests }
}

/// Requests with bodies of these lengths.
fn requests(bodies: &[usize]) -> Vec<Vec<u8>> {
    let request = |length: &usize| {
        let head = format!("POST /email HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
        [head.into_bytes(), b"\r\n".iter().copied().cycle().take(*length).collect()].concat()
    };
    bodies.iter().map(request).collect()
}

proptest! {
    #[test]
    fn bytes_go_on_unchanged_and_never_beyond_one_request(
        bodies in prop::collection::vec(0..5000_usize, 1..5),
        cuts in prop::collection::vec(1..3000_usize, 1..20),
        room in 1..4096_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (mut setup, requests) = (setup(), requests(&bodies));
            let all = requests.concat();
            let writing = async {
                let (mut rest, mut cuts) = (&all[..], cuts.iter().cycle());
                while !rest.is_empty() {
                    let (part, after) = rest.split_at(*cuts.next().unwrap().min(&rest.len()));
                    setup.client.write_all(part).await.unwrap();
                    tokio::task::yield_now().await;
                    rest = after;
                }
            };
            let reading = async {
                for request in &requests {
                    let mut seen = Vec::new();
                    while seen.len() < request.len() {
                        let mut buffer = vec![0; room];
                        let count = setup.stream.read(&mut buffer).await.unwrap();
                        seen.extend_from_slice(&buffer[..count]);
                    }
                    assert_eq!(&seen, request, "one request and no more of the next");
                }
            };
            tokio::join!(writing, reading);
            assert!(setup.state.close_reason().is_none() && !setup.state.is_incomplete());
        });
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_head_has_its_time_from_the_start_and_a_later_one_from_its_first_byte() {
    let mut setup = setup();
    let start = Instant::now();
    tokio::time::advance(SECOND / 2).await;
    setup.client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    assert_eq!(setup.stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed(), SECOND);

    let mut setup = self::setup();
    let request = requests(&[0]).concat();
    setup.client.write_all(&request).await.unwrap();
    setup.stream.read_exact(&mut vec![0; request.len()]).await.unwrap();
    setup.stream.write_all(b"an answer").await.unwrap();
    tokio::time::advance(SECOND * 30).await;
    setup.client.write_all(b"GET").await.unwrap();
    let start = Instant::now();
    assert_eq!(setup.stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed(), SECOND);
}

/// A connection whose first request, with these bytes behind it, has been read and answered.
async fn answered(behind: &[u8]) -> Setup {
    let mut setup = setup();
    let request = requests(&[0]).concat();
    setup.client.write_all(&[&request, behind].concat()).await.unwrap();
    setup.stream.read_exact(&mut vec![0; request.len()]).await.unwrap();
    setup.stream.write_all(b"an answer").await.unwrap();
    setup
}

/// How long it takes until this connection is cut, and whether its client is blamed.
async fn cut(setup: &mut Setup) -> (Duration, bool) {
    let start = Instant::now();
    assert_eq!(setup.stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    (start.elapsed(), setup.state.client_fault() == Some(ClientFault::Slow))
}

#[tokio::test(start_paused = true)]
async fn a_head_that_began_behind_the_last_request_has_its_time_from_the_answer() {
    for begun in ["GET", "\r\nGET", "\r\n\r\n\r\n", "\n"] {
        assert_eq!(cut(&mut answered(begun.as_bytes()).await).await, (SECOND, true), "{begun:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_read_while_an_answer_is_written_has_its_time_too() {
    let mut setup = setup();
    let request = requests(&[0]).concat();
    setup.client.write_all(&[&request[..], b"GET"].concat()).await.unwrap();
    setup.stream.read_exact(&mut vec![0; request.len()]).await.unwrap();
    let early = tokio::time::timeout(Duration::ZERO, setup.stream.read_u8()).await;
    assert!(early.is_err(), "{early:?}");
    setup.stream.write_all(b"an answer").await.unwrap();
    assert_eq!(cut(&mut setup).await, (SECOND, true));
}

#[tokio::test(start_paused = true)]
async fn empty_lines_are_no_head_and_prolong_nothing() {
    for lines in ["\r\n", "\r", "\r\n\r", "\r\n\r\n"] {
        let mut kept = answered(lines.as_bytes()).await;
        tokio::time::advance(SECOND * 30).await;
        assert_eq!(cut(&mut kept).await, (SECOND * 30, false), "{lines:?}");
        let mut first = setup();
        first.client.write_all(lines.as_bytes()).await.unwrap();
        assert_eq!(cut(&mut first).await, (SECOND, true), "{lines:?}");
        assert!(!first.stream.is_in_a_head(), "{lines:?}: a shutdown does not wait for it");
    }
}

#[tokio::test(start_paused = true)]
async fn empty_lines_before_a_request_are_dropped_and_an_endless_row_of_them_is_a_fault() {
    let (request, lines) = (requests(&[0]).concat(), "\r\n".repeat(MAX_EMPTY_LINES.into()));
    let mut setup = setup();
    for _ in 0..3 {
        setup.client.write_all(&[lines.as_bytes(), &request].concat()).await.unwrap();
        let mut seen = vec![0; request.len()];
        setup.stream.read_exact(&mut seen).await.unwrap();
        assert_eq!(seen, request);
    }
    setup.client.write_all("\r\n".repeat(20_000).as_bytes()).await.unwrap();
    setup.stream.read_exact(&mut [0; PLACEHOLDER_HEAD.len()]).await.unwrap();
    assert_eq!(setup.state.close_reason(), Some(&CloseReason::BadHead(HeadFault::Ambiguous)));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_too_long_is_a_fault_however_it_comes() {
    let head = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "a".repeat(head::MAX_HEAD_LEN));
    for first in [0, 1, 100, CHUNK, head.len() - CHUNK + 1, head.len() - 1] {
        let mut setup = setup();
        let writing = async {
            setup.client.write_all(&head.as_bytes()[..first]).await.unwrap();
            tokio::task::yield_now().await;
            setup.client.write_all(&head.as_bytes()[first..]).await.unwrap();
        };
        let mut seen = [0; PLACEHOLDER_HEAD.len()];
        tokio::join!(writing, async { setup.stream.read_exact(&mut seen).await.unwrap() });
        assert_eq!(
            (&seen[..], setup.state.close_reason()),
            (PLACEHOLDER_HEAD, Some(&CloseReason::BadHead(HeadFault::HeadTooLong))),
            "{first}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_an_answer_is_not_idle() {
    let mut setup = setup();
    let request = requests(&[0]).concat();
    setup.client.write_all(&request).await.unwrap();
    setup.stream.read_exact(&mut vec![0; request.len()]).await.unwrap();
    let answering = setup.requests.token();
    let reading = tokio::time::timeout(LIMITS.idle_timeout * 10, setup.stream.read_u8()).await;
    assert!(reading.is_err(), "cut though it waits for us: {reading:?}");
    drop(answering);
    assert_eq!(setup.stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_the_client_does_not_read_times_out() {
    let (_caller, ours) = duplex(16);
    let mut stream = Stream::new(ours, LIMITS, TaskTracker::new(), Arc::default());
    let start = Instant::now();
    assert_eq!(stream.write_all(&[0; 100]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed(), LIMITS.idle_timeout);
}

#[tokio::test(start_paused = true)]
async fn behind_a_faulty_head_nothing_is_read_and_the_library_sees_a_placeholder() {
    let mut setup = setup();
    let (faulty, next) = (b"GET /mail HTTP/1.1\r\nx: y\r\n\r\n", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    setup.client.write_all(&[&faulty[..], next].concat()).await.unwrap();
    let mut seen = [0; PLACEHOLDER_HEAD.len()];
    setup.stream.read_exact(&mut seen).await.unwrap();
    assert_eq!(
        (&seen[..], setup.state.close_reason()),
        (PLACEHOLDER_HEAD, Some(&CloseReason::BadHead(HeadFault::Ambiguous)))
    );
    setup.stream.read_exact(&mut vec![0; next.len()]).await.unwrap();
    assert_eq!(setup.state.close_reason(), Some(&CloseReason::BadHead(HeadFault::Ambiguous)), "the first reason holds");
}

#[tokio::test(start_paused = true)]
async fn an_incomplete_body_is_known() {
    let mut setup = setup();
    let request = requests(&[5000]).concat();
    setup.client.write_all(&request[..request.len() - 1]).await.unwrap();
    let mut seen = vec![0; request.len() - 1];
    setup.stream.read_exact(&mut seen).await.unwrap();
    assert!(setup.state.is_incomplete());
    setup.client.write_all(&request[request.len() - 1..]).await.unwrap();
    setup.stream.read_u8().await.unwrap();
    assert!(!setup.state.is_incomplete());
}

#[tokio::test(start_paused = true)]
async fn shutdown_lingers_for_unread_body() {
    let mut setup = setup();
    let request = requests(&[5000]).concat();
    setup.client.write_all(&request[..3000]).await.unwrap();
    setup.stream.read_exact(&mut [0; 100]).await.unwrap();
    let start = Instant::now();
    setup.stream.shutdown().await.unwrap();
    assert_eq!(start.elapsed(), LINGER);
}

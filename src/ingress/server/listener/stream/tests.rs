//! However bytes come in, they go on unchanged, a request at a time, and nobody may take longer than allowed.

use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;
use crate::ingress::server::listener::head::Fault;

const SECOND: Duration = Duration::from_secs(1);
const LIMITS: Limits = Limits { header_timeout: SECOND, idle_timeout: Duration::from_secs(60), max_connections: 1 };

struct Bench {
    caller: DuplexStream,
    stream: Stream<DuplexStream>,
    signs: Arc<Signs>,
    requests: TaskTracker,
}

fn bench() -> Bench {
    let (caller, ours) = duplex(1 << 20);
    let (signs, requests) = (Arc::new(Signs::default()), TaskTracker::new());
    let stream = Stream::new(ours, LIMITS, requests.clone(), Arc::clone(&signs));
    Bench { caller, stream, signs, requests }
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
            let (mut bench, requests) = (bench(), requests(&bodies));
            let all = requests.concat();
            let writing = async {
                let (mut rest, mut cuts) = (&all[..], cuts.iter().cycle());
                while !rest.is_empty() {
                    let (part, after) = rest.split_at(*cuts.next().unwrap().min(&rest.len()));
                    bench.caller.write_all(part).await.unwrap();
                    tokio::task::yield_now().await;
                    rest = after;
                }
            };
            let reading = async {
                for request in &requests {
                    let mut seen = Vec::new();
                    while seen.len() < request.len() {
                        let mut buffer = vec![0; room];
                        let count = bench.stream.read(&mut buffer).await.unwrap();
                        seen.extend_from_slice(&buffer[..count]);
                    }
                    assert_eq!(&seen, request, "one request and no more of the next");
                }
            };
            tokio::join!(writing, reading);
            assert!(bench.signs.last().is_none() && !bench.signs.is_incomplete());
        });
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_head_has_its_time_from_the_start_and_a_later_one_from_its_first_byte() {
    let mut bench = bench();
    let start = Instant::now();
    tokio::time::advance(SECOND / 2).await;
    bench.caller.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    assert_eq!(bench.stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed(), SECOND);

    let mut bench = self::bench();
    let request = requests(&[0]).concat();
    bench.caller.write_all(&request).await.unwrap();
    bench.stream.read_exact(&mut vec![0; request.len()]).await.unwrap();
    bench.stream.write_all(b"an answer").await.unwrap();
    tokio::time::advance(SECOND * 30).await;
    bench.caller.write_all(b"GET").await.unwrap();
    let start = Instant::now();
    assert_eq!(bench.stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed(), SECOND);
}

/// A connection whose first request, with these bytes behind it, has been read and answered.
async fn answered(behind: &[u8]) -> Bench {
    let mut bench = bench();
    let request = requests(&[0]).concat();
    bench.caller.write_all(&[&request, behind].concat()).await.unwrap();
    bench.stream.read_exact(&mut vec![0; request.len()]).await.unwrap();
    bench.stream.write_all(b"an answer").await.unwrap();
    bench
}

/// How long it takes until this connection is cut, and whether its caller is blamed.
async fn cut(bench: &mut Bench) -> (Duration, bool) {
    let start = Instant::now();
    assert_eq!(bench.stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    (start.elapsed(), bench.signs.fault() == Some("slow"))
}

#[tokio::test(start_paused = true)]
async fn a_head_that_began_behind_the_last_request_has_its_time_from_the_answer() {
    for begun in ["GET", "\r\nGET", "\r\n\r\n\r\n", "\n"] {
        assert_eq!(cut(&mut answered(begun.as_bytes()).await).await, (SECOND, true), "{begun:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_read_while_an_answer_is_written_has_its_time_too() {
    let mut bench = bench();
    let request = requests(&[0]).concat();
    bench.caller.write_all(&[&request[..], b"GET"].concat()).await.unwrap();
    bench.stream.read_exact(&mut vec![0; request.len()]).await.unwrap();
    let early = tokio::time::timeout(Duration::ZERO, bench.stream.read_u8()).await;
    assert!(early.is_err(), "{early:?}");
    bench.stream.write_all(b"an answer").await.unwrap();
    assert_eq!(cut(&mut bench).await, (SECOND, true));
}

#[tokio::test(start_paused = true)]
async fn empty_lines_are_no_head_and_prolong_nothing() {
    for lines in ["\r\n", "\r", "\r\n\r", "\r\n\r\n"] {
        let mut kept = answered(lines.as_bytes()).await;
        tokio::time::advance(SECOND * 30).await;
        assert_eq!(cut(&mut kept).await, (SECOND * 30, false), "{lines:?}");
        let mut first = bench();
        first.caller.write_all(lines.as_bytes()).await.unwrap();
        assert_eq!(cut(&mut first).await, (SECOND, true), "{lines:?}");
        assert!(!first.stream.is_in_a_head(), "{lines:?}: a shutdown does not wait for it");
    }
}

#[tokio::test(start_paused = true)]
async fn empty_lines_before_a_request_are_dropped_and_an_endless_row_of_them_is_a_fault() {
    let (request, lines) = (requests(&[0]).concat(), "\r\n".repeat(MAX_EMPTY_LINES.into()));
    let mut bench = bench();
    for _ in 0..3 {
        bench.caller.write_all(&[lines.as_bytes(), &request].concat()).await.unwrap();
        let mut seen = vec![0; request.len()];
        bench.stream.read_exact(&mut seen).await.unwrap();
        assert_eq!(seen, request);
    }
    bench.caller.write_all("\r\n".repeat(20_000).as_bytes()).await.unwrap();
    bench.stream.read_exact(&mut [0; STAND_IN.len()]).await.unwrap();
    assert_eq!(bench.signs.last(), Some(&Last::Faulty(Fault::Ambiguous)));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_too_long_is_a_fault_however_it_comes() {
    let head = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "a".repeat(head::LONGEST));
    for first in [0, 1, 100, CHUNK, head.len() - CHUNK + 1, head.len() - 1] {
        let mut bench = bench();
        let writing = async {
            bench.caller.write_all(&head.as_bytes()[..first]).await.unwrap();
            tokio::task::yield_now().await;
            bench.caller.write_all(&head.as_bytes()[first..]).await.unwrap();
        };
        let mut seen = [0; STAND_IN.len()];
        tokio::join!(writing, async { bench.stream.read_exact(&mut seen).await.unwrap() });
        assert_eq!((&seen[..], bench.signs.last()), (STAND_IN, Some(&Last::Faulty(Fault::HeadTooLong))), "{first}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_waits_for_an_answer_is_not_idle() {
    let mut bench = bench();
    let request = requests(&[0]).concat();
    bench.caller.write_all(&request).await.unwrap();
    bench.stream.read_exact(&mut vec![0; request.len()]).await.unwrap();
    let answering = bench.requests.token();
    let reading = tokio::time::timeout(LIMITS.idle_timeout * 10, bench.stream.read_u8()).await;
    assert!(reading.is_err(), "cut though it waits for us: {reading:?}");
    drop(answering);
    assert_eq!(bench.stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_takes_is_given_up() {
    let (_caller, ours) = duplex(16);
    let mut stream = Stream::new(ours, LIMITS, TaskTracker::new(), Arc::default());
    let start = Instant::now();
    assert_eq!(stream.write_all(&[0; 100]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed(), LIMITS.idle_timeout);
}

#[tokio::test(start_paused = true)]
async fn behind_a_faulty_head_nothing_is_looked_at_and_the_library_sees_another_in_its_place() {
    let mut bench = bench();
    let (faulty, next) = (b"GET /mail HTTP/1.1\r\nx: y\r\n\r\n", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    bench.caller.write_all(&[&faulty[..], next].concat()).await.unwrap();
    let mut seen = [0; STAND_IN.len()];
    bench.stream.read_exact(&mut seen).await.unwrap();
    assert_eq!((&seen[..], bench.signs.last()), (STAND_IN, Some(&Last::Faulty(Fault::Ambiguous))));
    bench.stream.read_exact(&mut vec![0; next.len()]).await.unwrap();
    assert_eq!(bench.signs.last(), Some(&Last::Faulty(Fault::Ambiguous)), "the first word holds");
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_of_a_body_is_known() {
    let mut bench = bench();
    let request = requests(&[5000]).concat();
    bench.caller.write_all(&request[..request.len() - 1]).await.unwrap();
    let mut seen = vec![0; request.len() - 1];
    bench.stream.read_exact(&mut seen).await.unwrap();
    assert!(bench.signs.is_incomplete());
    bench.caller.write_all(&request[request.len() - 1..]).await.unwrap();
    bench.stream.read_u8().await.unwrap();
    assert!(!bench.signs.is_incomplete());
}

#[tokio::test(start_paused = true)]
async fn who_still_sends_gets_a_moment_to_read_why() {
    let mut bench = bench();
    let request = requests(&[5000]).concat();
    bench.caller.write_all(&request[..3000]).await.unwrap();
    bench.stream.read_exact(&mut [0; 100]).await.unwrap();
    let start = Instant::now();
    bench.stream.shutdown().await.unwrap();
    assert_eq!(start.elapsed(), LINGER);
}

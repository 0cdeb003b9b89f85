//! The exporter against collectors on loopback that answer, in turn, what a test says, or not at all.

use std::sync::Mutex;

use reqwest::header::{HeaderMap, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::super::fixture::{Dropped, span, spans};
use super::super::sampler::{Root, Sampler, Strategy};
use super::*;

/// More than any of these tests takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The heads of the requests that came.
type Heads = Arc<Mutex<Vec<String>>>;

/// A collector that gives these answers, and to all further requests the last one. An empty one: it says nothing.
async fn collector(answers: &'static [&'static str]) -> (String, Heads, JoinHandle<()>) {
    let (listener, heads) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Heads::default());
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let seen = Arc::clone(&heads);
    let serving = tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut request, mut chunk) = (Vec::new(), [0; 65_536]);
            while !is_whole(&request) {
                let count = stream.read(&mut chunk).await.unwrap();
                assert!(count > 0, "it broke off");
                request.extend_from_slice(&chunk[..count]);
            }
            let turn = seen.lock().unwrap().len();
            seen.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
            let answer = answers[turn.min(answers.len() - 1)];
            if answer.is_empty() {
                held.push(stream);
                continue;
            }
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (url, heads, serving)
}

/// Waits until the collector has been asked once.
async fn asked(heads: &Heads) {
    timeout(PATIENCE, async {
        while heads.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("it is asked");
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    body.len() >= length.unwrap()
}

/// An exporter to this URL, its queue, and what it drops.
fn exporter(url: &str) -> (Arc<Exporter>, Dropped) {
    let dropped = Dropped::default();
    let listener = dropped.listener();
    let headers = HeaderMap::from_iter([("x-key".parse().unwrap(), HeaderValue::from_static("secret"))]);
    let sampler = Sampler::new(Strategy { by_parent: true, root: Root::All }, 1.0);
    let settings = Settings { url: url.parse().unwrap(), headers, resource: Vec::new(), sampler };
    (start(settings, listener).expect("it can be made").1, dropped)
}

/// Sends so many spans to a collector that answers so; what came there, and what was dropped.
async fn sent(answers: &'static [&'static str], count: usize) -> (Vec<String>, u64) {
    let (url, heads, serving) = collector(answers).await;
    let (exporter, dropped) = exporter(&url);
    exporter.queue.add(spans(count));
    let batch = exporter.queue.next().await.expect("a batch");
    timeout(PATIENCE, exporter.send(batch)).await.expect("in time");
    serving.abort();
    let heads = heads.lock().unwrap().clone();
    (heads, dropped.count())
}

const TAKEN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
const PARTLY: &str =
    "HTTP/1.1 200 OK\r\ncontent-length: 40\r\nconnection: close\r\n\r\n{\"partialSuccess\":{\"rejectedSpans\":\"2\"}} ";
const AT_ONCE: &str = "HTTP/1.1 503 No\r\nretry-after: 0\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

#[test]
fn a_span_of_an_attempt_is_about_as_large_as_it_is_taken_for() {
    let mut span = span(0);
    span.name = "attempt mailgun".into();
    (span.start, span.end, span.parent) = (u64::MAX / 10, u64::MAX / 10, Some(span.id));
    span.attributes = vec![
        ("smsp.upstream", "mailgun".into()),
        ("smsp.outcome", "accepted".into()),
        ("smsp.reason", "http_200".into()),
        ("server.address", "api.eu.mailgun.net".into()),
        ("server.port", 443.into()),
        ("http.request.method", "POST".into()),
        ("http.response.status_code", 200.into()),
    ];
    let size = otlp::request(&[], &vec![span; 100]).len() / 100;
    assert!((SPAN / 2..2 * SPAN).contains(&size), "{size}");
}

#[tokio::test]
async fn a_batch_that_is_taken_is_sent_once_with_its_headers() {
    let (heads, dropped) = sent(&[TAKEN], 3).await;
    assert_eq!((heads.len(), dropped), (1, 0), "{heads:?}");
    let head = heads[0].to_lowercase();
    for expected in ["post /v1/traces http/1.1", "content-type: application/json", "x-key: secret", "user-agent: smsp/"]
    {
        assert!(head.contains(expected), "{expected}: {head}");
    }
}

#[tokio::test]
async fn what_is_refused_is_dropped_and_counted_and_sent_once() {
    for (answer, dropped) in [
        (&[PARTLY][..], 2),
        (&["HTTP/1.1 400 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"], 3),
        (&["HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"], 3),
        (&["HTTP/1.1 307 No\r\nlocation: /other\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"], 3),
        (&["HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>"], 3),
        (&["HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\n{}"], 3),
    ] {
        let (heads, counted) = sent(answer, 3).await;
        assert_eq!((heads.len(), counted), (1, dropped), "{answer:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_longer_than_any_may_be_is_not_read_to_its_end() {
    let long: &'static str =
        Box::leak(format!("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n{}", "x".repeat(200_000)).into());
    let (heads, dropped) = sent(Box::leak(Box::new([long])), 3).await;
    assert_eq!((heads.len(), dropped), (1, 3));
}

#[tokio::test]
async fn what_may_be_taken_later_is_sent_again_and_no_more_than_five_times() {
    let (heads, dropped) = sent(&[AT_ONCE, AT_ONCE, TAKEN], 3).await;
    assert_eq!((heads.len(), dropped), (3, 0));
    let (heads, dropped) = sent(&[AT_ONCE], 3).await;
    assert_eq!((heads.len(), dropped), (TRIES as usize, 3));
}

#[tokio::test]
async fn retries_are_for_the_statuses_of_the_protocol_alone() {
    for (status, is_sent_again) in [(429, true), (502, true), (503, true), (504, true), (408, false), (501, false)] {
        let answer =
            format!("HTTP/1.1 {status} No\r\nretry-after: 0\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let (heads, ..) = sent(Box::leak(Box::new([&*Box::leak(answer.into_boxed_str()), TAKEN])), 1).await;
        assert_eq!(heads.len() == 2, is_sent_again, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn waits_double_and_are_bounded_whatever_the_collector_asks_for() {
    for (turn, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
        let middle = Duration::from_secs(seconds);
        assert!((middle / 2..=middle * 3 / 2).contains(&wait_after(turn)), "{turn}");
    }
    let (exporter, start) = (exporter("http://127.0.0.1:9/").0, Instant::now());
    exporter.pause(Duration::from_secs(86_400)).await;
    assert_eq!(start.elapsed(), LONGEST_WAIT);
}

#[tokio::test]
async fn the_end_sends_what_is_left() {
    let (url, heads, serving) = collector(&[TAKEN]).await;
    let (exporter, dropped) = exporter(&url);
    let running = tokio::spawn(Arc::clone(&exporter).run());
    exporter.queue.add(spans(3));
    exporter.finish(PATIENCE).await;
    running.await.expect("no panic");
    assert_eq!((heads.lock().unwrap().len(), dropped.count()), (1, 0));
    serving.abort();
}

#[tokio::test]
async fn the_end_waits_no_longer_than_it_may_and_counts_what_it_leaves() {
    let (url, heads, serving) = collector(&[""]).await;
    let (exporter, dropped) = exporter(&url);
    let running = tokio::spawn(Arc::clone(&exporter).run());
    exporter.queue.add(spans(3));
    asked(&heads).await;
    exporter.queue.add(spans(2));
    exporter.finish(Duration::from_millis(50)).await;
    running.await.expect("no panic");
    assert_eq!(dropped.count(), 5);
    serving.abort();
}

#[tokio::test]
async fn a_batch_that_waits_is_sent_once_more_at_the_end() {
    let later = "HTTP/1.1 503 No\r\nretry-after: 3600\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (url, heads, serving) = collector(Box::leak(Box::new([later, TAKEN]))).await;
    let (exporter, dropped) = exporter(&url);
    let running = tokio::spawn(Arc::clone(&exporter).run());
    exporter.queue.add(spans(3));
    asked(&heads).await;
    exporter.finish(PATIENCE).await;
    running.await.expect("no panic");
    assert_eq!((heads.lock().unwrap().len(), dropped.count()), (2, 0));
    serving.abort();
}

//! How long a caller may take: for a head, between two requests, for a body, to take an answer. A client that takes longer is
//! cut, and holds nothing meanwhile that others need.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::harness::raw::{Raw, head};
use crate::harness::settings::API_KEY;
use crate::harness::wait::{PATIENCE, when};
use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, eventually, mails};

const SHORT: Duration = Duration::from_millis(300);

/// One limit is short, all others are far away.
async fn with_short(variable: &str) -> Proxy {
    let all = ["SMSP_HEADER_TIMEOUT", "SMSP_IDLE_TIMEOUT", "SMSP_BODY_TIMEOUT"];
    let far = all.iter().fold(Settings::mock(), |settings, name| settings.with(name, "1h"));
    Proxy::start(far.with(variable, "300ms")).await
}

async fn cut_for_being_slow(proxy: &Proxy) -> u64 {
    let metrics = proxy.client.metrics().await;
    if metrics.has("smsp_connections_closed_total", &[("reason", "slow")]) {
        metrics.count("smsp_connections_closed_total", &[("reason", "slow")])
    } else {
        0
    }
}

/// What comes back until the connection is cut, which must not be before its time.
async fn cut(raw: &mut Raw, start: Instant) -> String {
    let rest = raw.read_to_end().await;
    assert!(start.elapsed() >= SHORT, "cut after {:?}", start.elapsed());
    assert!(start.elapsed() < PATIENCE, "cut after {:?}", start.elapsed());
    rest
}

#[tokio::test]
async fn a_silent_connection_and_half_a_head_are_cut_by_the_header_timeout() {
    let proxy = with_short("SMSP_HEADER_TIMEOUT").await;
    for begun in ["", "\r\n", "GET /healthcheck HTTP/1.1\r\nhost: a\r\n"] {
        let start = Instant::now();
        let mut raw = Raw::connect(proxy.api).await;
        raw.write(begun).await;
        assert_eq!(cut(&mut raw, start).await, "", "{begun:?}");
    }
    eventually("all are counted", async || when(cut_for_being_slow(&proxy).await == 3, || "not yet".to_owned())).await;
}

#[tokio::test]
async fn a_kept_connection_is_cut_by_the_idle_timeout_and_its_next_head_by_the_header_timeout() {
    let request = "GET /healthcheck HTTP/1.1\r\nhost: a\r\n\r\n";
    let proxy = with_short("SMSP_IDLE_TIMEOUT").await;
    for behind in ["", "\r\n"] {
        let mut raw = Raw::connect(proxy.api).await;
        // Its clock starts with the answer, which we see later than it was written.
        let start = Instant::now();
        raw.write(&format!("{request}{behind}")).await;
        let before = raw.read_until("serving\"}").await;
        assert_eq!(cut(&mut raw, start).await, before);
    }
    assert_eq!(cut_for_being_slow(&proxy).await, 0, "to be idle is no fault");
    let proxy = with_short("SMSP_HEADER_TIMEOUT").await;
    let mut raw = Raw::connect(proxy.api).await;
    raw.write(request).await;
    let before = raw.read_until("serving\"}").await;
    let start = Instant::now();
    raw.write("GET /healthcheck HTTP/1.1\r\n").await;
    assert_eq!(cut(&mut raw, start).await, before);
}

#[tokio::test]
async fn a_head_that_begins_behind_the_last_request_is_cut_by_the_header_timeout() {
    let proxy = with_short("SMSP_HEADER_TIMEOUT").await;
    let mut raw = Raw::connect(proxy.api).await;
    let start = Instant::now();
    raw.write("GET /healthcheck HTTP/1.1\r\nhost: a\r\n\r\nGET /healthcheck HTTP/1.1\r\n").await;
    let before = raw.read_until("serving\"}").await;
    assert_eq!(cut(&mut raw, start).await, before);
    eventually("it is counted", async || when(cut_for_being_slow(&proxy).await == 1, || "not yet".to_owned())).await;
}

#[tokio::test]
async fn waiting_for_a_provider_does_not_count_as_idle() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.does(Behaviour::AnswerAfter(SHORT * 3, Reply::mailgun_accepts()));
    let all = ["SMSP_HEADER_TIMEOUT", "SMSP_IDLE_TIMEOUT", "SMSP_BODY_TIMEOUT"];
    let settings = Settings::server().mailgun(&mailgun.url());
    let proxy = Proxy::start(all.iter().fold(settings, |settings, name| settings.with(name, "300ms"))).await;
    let mail = mails::plain().to_string();
    let request = head(&[&format!("content-length: {}", mail.len()), &format!("x-api-key: {API_KEY}")]) + &mail;
    let mut raw = Raw::connect(proxy.api).await;
    raw.write(&request).await;
    let answer = raw.read_until("}]}").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // A second one on the same connection: the clock of the first has long gone by.
    raw.write(&request).await;
    raw.shut().await;
    let answer = raw.read_to_end().await;
    assert_eq!(answer.matches("HTTP/1.1 200 ").count(), 2, "{answer}");
}

#[tokio::test]
async fn a_body_that_takes_too_long_is_408_and_nobody_has_the_mail() {
    let proxy = with_short("SMSP_BODY_TIMEOUT").await;
    let start = Instant::now();
    let mut raw = Raw::connect(proxy.api).await;
    raw.write(&head(&["content-length: 1000", &format!("x-api-key: {API_KEY}")])).await;
    raw.write("{").await;
    let answer = cut(&mut raw, start).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"delivery\":\"none\""), "{answer}");
    assert!(answer.contains("within 300ms and 1s more for every 64 KiB of it, without a pause of 300ms"), "{answer}");
}

#[tokio::test]
async fn a_large_body_on_a_slow_line_is_taken() {
    let proxy = Proxy::start(Settings::mock().with("SMSP_BODY_TIMEOUT", "3s")).await;
    let mail = mails::but("text", json!("x".repeat(384 * 1024))).to_string();
    let mut raw = Raw::connect(proxy.api).await;
    raw.write(&head(&[&format!("content-length: {}", mail.len()), &format!("x-api-key: {API_KEY}")])).await;
    let (first, rest) = mail.split_at(128 * 1024);
    let (second, last) = rest.split_at(128 * 1024);
    for part in [first, second] {
        raw.write(part).await;
        // As slow as the line is.
        sleep(Duration::from_secs(2)).await;
    }
    raw.write(last).await;
    let answer = raw.read_until("}]}").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn unread_answer_is_cut_by_the_idle_timeout() {
    let proxy = with_short("SMSP_IDLE_TIMEOUT").await;
    let mut raw = Raw::connect(proxy.api).await;
    // More than all buffers between us hold: the page of the UI many times over.
    let request = "GET /swagger-ui/swagger-ui-bundle.js HTTP/1.1\r\nhost: a\r\n\r\n";
    raw.write(&request.repeat(100)).await;
    // One connection is the operator's own.
    for open in [2, 1] {
        eventually(&format!("{open} connections are open"), async || {
            let metrics = proxy.client.metrics().await;
            when(metrics.count("smsp_connections", &[]) == open, || metrics.page)
        })
        .await;
    }
    let answers = raw.read_to_end().await;
    assert!(answers.matches("HTTP/1.1 200").count() < 100, "all of it was written");
}

//! Requests whose framing two servers could read in two ways, and requests that are too much: refused by their head
//! alone, and nothing that follows on that connection is read as a request (RFC 9112, section 11.2).

use serde_json::json;

use crate::harness::raw::{Raw, head};
use crate::harness::settings::API_KEY;
use crate::harness::wait::when;
use crate::harness::{Proxy, Settings, StubProvider, eventually, mails};

const GET: &str = "GET /healthcheck HTTP/1.1\r\n";
/// What an attacker hides behind the end that we should have seen.
const HIDDEN: &str = "GET /healthcheck HTTP/1.1\r\nhost: hidden\r\n\r\n";

/// Everything that comes back before the connection is closed.
async fn answers(proxy: &Proxy, request: &str) -> String {
    let mut raw = Raw::connect(proxy.api).await;
    raw.write(request).await;
    raw.read_to_end().await
}

fn statuses(answers: &str) -> Vec<&str> {
    answers.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)).collect()
}

#[tokio::test]
async fn ambiguous_framing_is_400_and_closes_the_connection() {
    let proxy = Proxy::start(Settings::mock()).await;
    let post = "POST /email HTTP/1.1\r\nhost: smsp\r\ncontent-type: application/json\r\n";
    for (claim, request) in [
        ("no Host", format!("{GET}\r\n")),
        ("two Hosts", format!("{GET}host: a\r\nhost: a\r\n\r\n")),
        ("bare LF behind the request line", "GET /healthcheck HTTP/1.1\nhost: a\r\n\r\n".to_owned()),
        ("bare LF throughout", "GET /healthcheck HTTP/1.1\nhost: a\n\n".to_owned()),
        ("a bare CR", format!("{GET}host: a\rx: b\r\n\r\n")),
        ("NUL in a header", format!("{GET}host: a\r\nx: a\0b\r\n\r\n")),
        ("a folded header", format!("{GET}host: a\r\nx: a\r\n b\r\n\r\n")),
        ("a blank before the colon", format!("{GET}host: a\r\nx : a\r\n\r\n")),
        ("empty lines without an end", "\r\n".repeat(20_000)),
        ("a bare LF first", format!("\n{GET}host: a\r\n\r\n")),
        ("length and chunks", format!("{post}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n")),
        ("chunks and length", format!("{post}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n")),
        ("two lengths", format!("{post}content-length: 5\r\ncontent-length: 6\r\n\r\n")),
        ("the same length twice", format!("{post}content-length: 5\r\ncontent-length: 5\r\n\r\n")),
        ("a list of lengths", format!("{post}content-length: 5, 5\r\n\r\n")),
        ("a length with a sign", format!("{post}content-length: +5\r\n\r\n")),
        ("an unknown transfer coding", format!("{post}transfer-encoding: gzip\r\n\r\n")),
        ("another coding below the chunks", format!("{post}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n")),
        ("chunks in chunks", format!("{post}{}\r\n0\r\n\r\n", "transfer-encoding: chunked\r\n".repeat(2))),
        ("a version of the future", "GET /healthcheck HTTP/3.0\r\nhost: a\r\n\r\n".to_owned()),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
    ] {
        let answers = answers(&proxy, &format!("{request}{HIDDEN}")).await;
        assert_eq!(statuses(&answers), ["400"], "{claim}: {answers}");
    }
    let metrics = proxy.client.metrics().await;
    assert!(metrics.count("smsp_connections_closed_total", &[("reason", "ambiguous")]) >= 20, "{}", metrics.page);
    proxy.client.healthcheck().await.expect(200);
}

#[tokio::test]
async fn unusual_but_unambiguous_framing_is_served() {
    let proxy = Proxy::start(Settings::mock()).await;
    for (claim, request) in [
        ("a header beyond ASCII", format!("{GET}host: a\r\nx: \u{fc}\r\nconnection: close\r\n\r\n")),
        ("an old check without Host", "GET /healthcheck HTTP/1.0\r\n\r\n".to_owned()),
        ("an absolute URI", "GET http://a/healthcheck HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_owned()),
    ] {
        let answers = answers(&proxy, &request).await;
        assert_eq!(answers.lines().filter(|line| line.starts_with("HTTP/1.")).count(), 1, "{claim}: {answers}");
        assert!(answers.contains(" 200 OK"), "{claim}: {answers}");
    }
}

#[tokio::test]
async fn an_empty_line_before_a_request_is_ignored() {
    let proxy = Proxy::start(Settings::mock()).await;
    let request = format!("{GET}host: a\r\n\r\n");
    let last = format!("{GET}host: a\r\nconnection: close\r\n\r\n");
    let answers = answers(&proxy, &format!("\r\n{request}\r\n\r\n{request}{request}\r\n{last}")).await;
    assert_eq!(statuses(&answers), ["200"; 4], "{answers}");
}

#[tokio::test]
async fn two_requests_in_one_go_get_two_answers_in_order() {
    let proxy = Proxy::start(Settings::mock()).await;
    let request = format!("{GET}host: a\r\n\r\nGET /nowhere HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let answers = answers(&proxy, &request).await;
    assert_eq!(statuses(&answers), ["200", "404"], "{answers}");
}

#[tokio::test]
async fn a_mail_in_chunks_is_taken_and_is_the_last_of_its_connection() {
    let mailgun = StubProvider::mailgun().await;
    let proxy = Proxy::before(&mailgun).await;
    let mail = mails::plain().to_string();
    let (one, two) = mail.split_at(mail.len() / 2);
    let chunks = format!("{:x};name=value\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\ntrailer: x\r\n\r\n", one.len(), two.len());
    let head = head(&["transfer-encoding: chunked", &format!("x-api-key: {API_KEY}")]);
    let answers = answers(&proxy, &format!("{head}{chunks}{HIDDEN}")).await;
    assert_eq!(statuses(&answers), ["200"], "{answers}");
    assert!(answers.contains("connection: close"), "{answers}");
    mailgun.only_mail();
}

/// A request whose head has so many bytes.
fn of_length(length: usize, lines: &str, body: &str) -> String {
    let padding = length - lines.len() - "x: \r\n\r\n".len();
    format!("{lines}x: {}\r\n\r\n{body}", "a".repeat(padding))
}

#[tokio::test]
async fn a_head_of_up_to_16_kib_is_served() {
    let proxy = Proxy::start(Settings::mock()).await;
    let mail = mails::plain().to_string();
    let post = head(&[&format!("content-length: {}", mail.len()), &format!("x-api-key: {API_KEY}")]);
    // To go on with further lines.
    let post = post.trim_end().to_owned() + "\r\n";
    let get = format!("{GET}host: a\r\nconnection: close\r\n");
    for length in [9_000, 12_000, 16 * 1024] {
        let request = of_length(length, &post, &mail) + &of_length(length, &get, "");
        let answers = answers(&proxy, &request).await;
        assert_eq!(statuses(&answers), ["200", "200"], "{length}: {answers}");
    }
}

#[tokio::test]
async fn a_head_of_more_than_16_kib_is_refused_whether_or_not_it_is_whole() {
    let proxy = Proxy::start(Settings::mock()).await;
    let (get, more) = (format!("{GET}host: a\r\n"), 16 * 1024 + 1);
    let uri = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(more));
    for (status, request) in [("431", of_length(more, &get, "")), ("431", of_length(20_000, &get, "")), ("414", uri)] {
        let answers = answers(&proxy, &format!("{request}{HIDDEN}")).await;
        assert_eq!(statuses(&answers), [status], "{answers}");
    }
    eventually("each cut is counted, once its connection has ended", async || {
        let metrics = proxy.client.metrics().await;
        when(metrics.count("smsp_connections_closed_total", &[("reason", "too_long")]) == 3, || metrics.page.clone())
    })
    .await;
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused_before_it_is_whole() {
    let proxy = Proxy::start(Settings::mock()).await;
    let (long, many) = ("a".repeat(70_000), "x: y\r\n".repeat(101));
    for (status, request) in [
        ("414", format!("GET /{long} HTTP/1.1\r\nhost: a\r\n\r\n")),
        ("431", format!("{GET}host: a\r\nx: {}\r\n\r\n", long.repeat(15))),
        ("431", format!("{GET}host: a\r\n{many}\r\n")),
    ] {
        let answers = answers(&proxy, &request).await;
        assert_eq!(statuses(&answers), [status], "{answers}");
    }
}

#[tokio::test]
async fn refusal_can_be_read_by_a_client_that_is_still_sending() {
    let proxy = Proxy::start(Settings::mock().with("SMSP_MAX_BODY", "1KiB")).await;
    let mail = mails::but("text", json!("x".repeat(8 << 20))).to_string();
    let head = head(&[&format!("content-length: {}", mail.len()), &format!("x-api-key: {API_KEY}")]);
    let answers = answers(&proxy, &format!("{head}{mail}")).await;
    assert_eq!(statuses(&answers), ["413"], "{answers}");
    assert!(answers.contains("\"delivery\":\"none\""), "{answers}");
}

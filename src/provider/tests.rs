//! Every row of the HTTP adapters' tables, from a stub on loopback that says one thing and ends.

mod by_code;
mod by_name;
mod by_type;

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::message::Draft;
use crate::outcome::{Outcome, Reason};

const CONNECT: Connect = Connect { timeout: Duration::from_millis(500) };

fn adapter(kind_name: &str, base_url: &str) -> Box<dyn Provider> {
    let kind = kind(kind_name).expect("a kind");
    let mut values = Values::default();
    for variable in kind.variables {
        let value = if variable.name == client::BASE_URL { base_url } else { "value" };
        values.set(variable, value.into());
    }
    (kind.build)(&values, CONNECT).unwrap_or_else(|e| panic!("{kind_name}: {e:?}"))
}

fn mail() -> Message {
    let draft = Draft { to: vec!["b@example.org".parse().unwrap()], ..Draft::default() };
    Message::new("a@example.org".parse().unwrap(), draft).unwrap()
}

/// What the adapter makes of this answer, byte for byte, to one mail.
async fn verdict(kind: &str, answer: String) -> Verdict {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let stub = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !is_whole(&request) {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "the request broke off");
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
    };
    let (adapter, mail) = (adapter(kind, &base_url), mail());
    tokio::join!(adapter.send(Delivery::new(&mail, Mode::First)), stub).0
}

/// Headers, and as much body as they announce.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next()?.parse().ok());
    body.len() >= length.unwrap_or_else(|| panic!("no length: {head}"))
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

async fn check(kind: &str, rows: &[(u16, &str, Outcome)]) {
    for (status, body, outcome) in rows {
        let verdict = verdict(kind, answer(*status, "", body)).await;
        assert_eq!(verdict.outcome, *outcome, "{kind}: {status} {body}: {verdict:?}");
    }
}

#[tokio::test]
async fn mailguns_answers_are_judged_by_its_table() {
    use Outcome::*;
    let rows = [
        (200, r#"{"id":"<1@mg>","message":"Queued. Thank you."}"#, Accepted),
        (200, r#"{"message":"Queued. Thank you."}"#, Accepted),
        (200, "Mailgun Magnificent API", Unavailable),
        (200, "", Unknown),
        (200, "<html>", Unknown),
        (200, "[]", Unknown),
        (200, r#"{"error":"maintenance"}"#, Unknown),
        (400, r#"{"message":"'to' parameter is not a valid address. please check documentation"}"#, MessageRejected),
        (400, r#"{"message":"Domain x is not allowed to send: the domain is unverified"}"#, AccountRefused),
        (400, "<html>plain HTTP to an HTTPS port</html>", Unclassified),
        (401, "Forbidden", AccountRefused),
        (402, "", AccountRefused),
        (403, r#"{"message":"Your account is suspended"}"#, AccountRefused),
        (403, r#"{"message":"no"}"#, Unclassified),
        (404, r#"{"message":"Domain not found: x"}"#, AccountRefused),
        (413, "", NotCapable),
        (418, "", Unclassified),
        (420, r#"{"message":"hourly limit"}"#, AccountRefused),
        (429, r#"{"message":"Too many requests"}"#, Throttled),
        (500, r#"{"message":"Internal Server Error"}"#, Unknown),
        (502, "<html>", Unknown),
        (503, "", Unknown),
        (504, "", Unknown),
        (302, "", Unavailable),
        (303, "", Unknown),
    ];
    check("mailgun", &rows).await;
}

#[tokio::test]
async fn sendgrids_answers_are_judged_by_its_table() {
    use Outcome::*;
    let sender =
        r#"{"errors":[{"message":"The from address does not match a verified Sender Identity.","field":"from"}]}"#;
    let rows = [
        (202, "", Accepted),
        (200, "<html>a parked domain</html>", Unknown),
        (400, "<html>plain HTTP to an HTTPS port</html>", Unclassified),
        (
            400,
            r#"{"errors":[{"message":"Does not contain a valid address.","field":"personalizations.0.to.0.email"}]}"#,
            MessageRejected,
        ),
        (401, r#"{"errors":[{"message":"Maximum credits exceeded"}]}"#, AccountRefused),
        (403, sender, SenderRejected),
        (403, r#"{"errors":[{"message":"You do not have the scope for this action"}]}"#, AccountRefused),
        (403, r#"{"errors":[{"message":"access forbidden"}]}"#, Unclassified),
        (403, "<html>", Unclassified),
        (404, "", AccountRefused),
        (405, "", AccountRefused),
        (406, "", AccountRefused),
        (408, "", Unknown),
        (413, "", NotCapable),
        (429, "", Throttled),
        (451, "", AccountRefused),
        (500, "", Unknown),
        (502, "", Unknown),
        (503, "", Unknown),
        (504, "", Unknown),
        (307, "", Unavailable),
    ];
    check("sendgrid", &rows).await;
}

#[tokio::test]
async fn the_providers_own_id_is_kept() {
    let mailgun = verdict("mailgun", answer(200, "", r#"{"id":"<1@mg>","message":"Queued. Thank you."}"#)).await;
    assert_eq!(mailgun, Verdict::accepted(Reason::Status(200), Some("<1@mg>".to_owned())));
    let sendgrid = verdict("sendgrid", answer(202, "X-Message-Id: abc\r\n", "")).await;
    assert_eq!(sendgrid, Verdict::accepted(Reason::Status(202), Some("abc".to_owned())));
}

#[tokio::test]
async fn a_wait_that_a_provider_names_is_kept_within_reason() {
    for (headers, seconds) in [
        ("Retry-After: 7\r\n", Some(7)),
        ("Retry-After: 0\r\n", Some(1)),
        ("Retry-After: 999999\r\n", Some(3600)),
        ("", None),
    ] {
        for kind in ["mailgun", "sendgrid", "mandrill", "postmark", "sparkpost", "resend", "brevo", "mailjet", "ses"] {
            let verdict = verdict(kind, answer(429, headers, "")).await;
            assert_eq!(verdict.retry_after, seconds.map(Duration::from_secs), "{kind}: {headers}");
        }
    }
    // A limit that it names under another status.
    let named = verdict("mandrill", answer(500, "Retry-After: 7\r\n", r#"{"name":"RequestLimitExceeded"}"#)).await;
    assert_eq!(named, Verdict::new(Outcome::Throttled, Reason::Status(500)).waiting(Some(Duration::from_secs(7))));
    let reset = verdict("sendgrid", answer(429, "X-RateLimit-Reset: 99999999999\r\n", "")).await;
    assert_eq!(reset.retry_after, Some(Duration::from_secs(3600)));
}

#[tokio::test]
async fn an_answer_that_breaks_off_proves_what_its_status_proves_and_no_more() {
    let cut = |status| format!("HTTP/1.1 {status} X\r\nContent-Length: 100\r\n\r\n{{\"id\":\"");
    assert_eq!(verdict("mailgun", cut(200)).await.outcome, Outcome::Unknown);
    assert_eq!(verdict("sendgrid", cut(202)).await.outcome, Outcome::Accepted);
    assert_eq!(verdict("mailgun", cut(401)).await.outcome, Outcome::AccountRefused);
    for kind in ["mailgun", "sendgrid"] {
        assert_eq!(
            verdict(kind, String::new()).await,
            Verdict::new(Outcome::Unknown, Reason::ConnectionLost),
            "{kind}"
        );
        assert_eq!(verdict(kind, "nonsense\r\n\r\n".to_owned()).await.outcome, Outcome::Unknown, "{kind}");
    }
}

#[tokio::test]
async fn no_more_than_64_kib_of_an_answer_are_read() {
    let padded = |pad: usize| format!(r#"{{"pad":"{}","id":"<1@mg>"}}"#, "x".repeat(pad));
    assert_eq!(verdict("mailgun", answer(200, "", &padded(65_000))).await.outcome, Outcome::Accepted);
    assert_eq!(verdict("mailgun", answer(200, "", &padded(65_600))).await.outcome, Outcome::Unknown);
}

#[tokio::test]
async fn a_connection_that_is_not_made_in_time_proves_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}", listener.local_addr().unwrap());
    let silent = async {
        let (stream, _) = listener.accept().await.unwrap();
        std::future::pending::<()>().await;
        drop(stream);
    };
    let (adapter, mail) = (adapter("sendgrid", &base_url), mail());
    let verdict = tokio::select! {
        verdict = adapter.send(Delivery::new(&mail, Mode::First)) => verdict,
        () = silent => unreachable!("it is silent for ever"),
    };
    assert_eq!(verdict, Verdict::new(Outcome::Unavailable, Reason::Connect));
}

#[tokio::test]
async fn no_connection_proves_that_nothing_was_sent() {
    // Bound, so that nobody else gets the port, but nobody listens.
    let bound = tokio::net::TcpSocket::new_v4().unwrap();
    bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = format!("http://{}", bound.local_addr().unwrap());
    for kind in ["mailgun", "sendgrid"] {
        for (base_url, reason) in [
            (closed.as_str(), Reason::Connect),
            ("https://127.0.0.1:1", Reason::Connect),
            ("http://no-such-host.invalid", Reason::Dns),
        ] {
            let verdict = adapter(kind, base_url).send(Delivery::new(&mail(), Mode::First)).await;
            assert_eq!(verdict, Verdict::new(Outcome::Unavailable, reason), "{kind}: {base_url}");
        }
    }
}

#[tokio::test]
async fn plain_text_where_tls_was_asked_for_proves_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}", listener.local_addr().unwrap());
    let stub = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    };
    let (adapter, mail) = (adapter("sendgrid", &base_url), mail());
    let verdict = tokio::join!(adapter.send(Delivery::new(&mail, Mode::First)), stub).0;
    assert_eq!(verdict, Verdict::new(Outcome::Unavailable, Reason::Tls));
}

//! Every row of the HTTP adapters' tables, from a stub on loopback that says one thing and ends.

mod acceptance;
mod blame;
mod by_code;
mod by_name;
mod by_type;
mod conformance;
mod limits;

use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::model::message::Draft;
use crate::model::outcome::{Outcome, Reason};

const CONNECT: Connect = Connect { timeout: Duration::from_millis(500), proxy: None };

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
    mail_to(&["b@example.org"])
}

fn mail_to(emails: &[&str]) -> Message {
    let draft = Draft { to: emails.iter().map(|email| email.parse().unwrap()).collect(), ..Draft::default() };
    Message::new("a@example.org".parse().unwrap(), draft).unwrap()
}

/// The kinds that speak HTTP.
fn over_http() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| kind.variables.iter().any(|variable| variable.name == client::BASE_URL))
}

/// An adapter before a stub on loopback that gives one answer a connection, byte for byte.
struct Stub {
    adapter: Box<dyn Provider>,
    answer: Arc<Mutex<Vec<u8>>>,
    /// The last request, byte for byte.
    request: Arc<Mutex<Vec<u8>>>,
}

impl Stub {
    async fn of(kind: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::<Mutex<Vec<u8>>>::default();
        let request = Arc::<Mutex<Vec<u8>>>::default();
        let (told, last) = (Arc::clone(&answer), Arc::clone(&request));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !is_whole(&request) {
                    assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "the request broke off");
                }
                *last.lock().unwrap() = request;
                let answer = told.lock().unwrap().clone();
                // Whoever has seen enough may go before the end.
                let _ = stream.write_all(&answer).await;
            }
        });
        Self { adapter: adapter(kind, &base_url), answer, request }
    }

    /// What the adapter makes of this answer.
    async fn judge(&self, mail: &Message, mode: Mode, answer: impl Into<Vec<u8>>) -> Verdict {
        *self.answer.lock().unwrap() = answer.into();
        self.adapter.send(Delivery::new(mail, mode)).await
    }
}

/// What the adapter makes of this answer to one mail.
async fn verdict(kind: &str, answer: String) -> Verdict {
    Stub::of(kind).await.judge(&mail(), Mode::First, answer).await
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
        (400, r#"{"message":"Too many recipients; max is 1000"}"#, NotCapable),
        (
            400,
            r#"{"message":"Send options (parameters starting with o:, h:, or v:) are limited to 16 kB total"}"#,
            NotCapable,
        ),
        (400, r#"{"message":"Domain x is not allowed to send: the domain is unverified"}"#, AccountRefused),
        (400, "<html>plain HTTP to an HTTPS port</html>", Unclassified),
        (401, "Forbidden", AccountRefused),
        (402, "", AccountRefused),
        (403, r#"{"message":"Your account is suspended"}"#, AccountRefused),
        (403, r#"{"message":"no"}"#, Unlisted),
        (403, "<html>your key is suspended</html>", Unlisted),
        (404, r#"{"message":"Domain not found: x"}"#, AccountRefused),
        (413, "", NotCapable),
        (418, "", Unclassified),
        (418, r#"{"message":"I'm a teapot"}"#, Unlisted),
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
        (400, r#"{"errors":[{"message":"too many","field":"categories"}]}"#, NotCapable),
        (400, r#"{"errors":[{"message":"too long","field":"personalizations.0.custom_args"}]}"#, NotCapable),
        (401, r#"{"errors":[{"message":"Maximum credits exceeded"}]}"#, AccountRefused),
        (403, sender, SenderRejected),
        (403, r#"{"errors":[{"message":"You do not have the scope for this action"}]}"#, AccountRefused),
        (403, r#"{"errors":[{"message":"access forbidden"}]}"#, Unlisted),
        (403, "<html>", Unlisted),
        (404, "", AccountRefused),
        (405, "", AccountRefused),
        (406, "", Unlisted),
        (406, r#"{"errors":[{"message":"Accept is missing","field":null}]}"#, AccountRefused),
        (422, r#"{"errors":[{"message":"new","field":"news"}]}"#, Unlisted),
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
    let limit = r#"{"status":"error","code":-1,"name":"RequestLimitExceeded","message":"said"}"#;
    let named = verdict("mandrill", answer(500, "Retry-After: 7\r\n", limit)).await;
    assert_eq!((named.outcome, named.retry_after), (Outcome::Throttled, Some(Duration::from_secs(7))));
    let reset = verdict("sendgrid", answer(429, "X-RateLimit-Reset: 99999999999\r\n", "")).await;
    assert_eq!(reset.retry_after, Some(Duration::from_secs(3600)));
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

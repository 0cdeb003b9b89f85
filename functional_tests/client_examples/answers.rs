//! What an answer's body and its Retry-After say to every example. Each row is a gateway's answer, how the example ends, and
//! how often it has called.

use std::time::Duration;

use super::{ACCEPTED, NOT_SENT, UNKNOWN, ends_at, gateway, message};
use crate::client_examples::language::examples;
use crate::harness::stub_provider::Step;
use crate::harness::{Behaviour, Reply, StubProvider};

type Row = (&'static str, Option<i32>);

const ACCEPTS: &str = r#"{"delivery": "accepted", "id": "1"}"#;
const TRY_AGAIN: &str = r#"{"delivery": "none", "retryable": true, "retryAfter": 9999, "retry_after": 9999}"#;

/// Bodies that end an example at once.
const BODIES: [Row; 16] = [
    (r#"{"delivery": "accepted"}"#, ACCEPTED),
    (r#"{"delivery": "none"}"#, NOT_SENT),
    (r#"{"delivery": "none", "retryable": "true"}"#, NOT_SENT),
    (r#"{"delivery": "none", "retryable": 1}"#, NOT_SENT),
    (r#"{"delivery": "none", "errors": null}"#, NOT_SENT),
    (r#"{"delivery": "none", "errors": [null], "title": 5}"#, NOT_SENT),
    (r#"{"delivery": "none", "errors": "from"}"#, NOT_SENT),
    (r#"{"delivery": "accepted later", "id": "1"}"#, UNKNOWN),
    (r#"{"delivery": "none yet", "retryable": true}"#, UNKNOWN),
    (r#"{"delivery": "ACCEPTED", "id": "1"}"#, UNKNOWN),
    (r#"{"Delivery": "accepted", "id": "1"}"#, UNKNOWN),
    (r#"{"delivery": ["accepted"], "id": "1"}"#, UNKNOWN),
    (r#"[{"delivery": "accepted", "id": "1"}]"#, UNKNOWN),
    (r#"{"delivery": "accepted", "id": "1"} {"delivery": "none"}"#, UNKNOWN),
    (r#"{"delivery": "accepted", "id": "1"} and more"#, UNKNOWN),
    (r#"{"delivery": "accepted", "id": "1""#, UNKNOWN),
];

/// Headers of a refusal that may be repeated, and of the mail that is accepted if it is.
const PAUSES: [Row; 9] = [
    ("0", ACCEPTED),
    ("", ACCEPTED),
    ("-5", ACCEPTED),
    ("1.5", ACCEPTED),
    ("soon", ACCEPTED),
    ("Thu, 26 Nov 2026 09:30:00 GMT", ACCEPTED),
    ("61", NOT_SENT),
    ("100000", NOT_SENT),
    ("99999999999999999999999999", NOT_SENT),
];

async fn ends(reply: Reply, code: Option<i32>) {
    ends_at(async || gateway(reply.clone().into()).await, code, 1).await;
}

#[tokio::test]
async fn delivery_in_a_body_is_read_exactly_by_an_example() {
    for (body, code) in BODIES {
        println!("{body}");
        ends(Reply::new(200, body), code).await;
    }
}

#[tokio::test]
async fn body_that_is_nested_too_deep_is_unknown_to_an_example() {
    ends(Reply::new(200, &["[".repeat(200_000), "]".repeat(200_000)].concat()), UNKNOWN).await;
}

#[tokio::test]
async fn retry_after_is_waited_for_by_an_example_up_to_a_minute() {
    for (pause, code) in PAUSES {
        println!("Retry-After: {pause}");
        let refuses_once = async || {
            let mut answers = vec![Reply::new(503, TRY_AGAIN).with("retry-after", pause)];
            let stub = gateway(Behaviour::Close).await;
            stub.follows(move |_| answers.pop().unwrap_or_else(|| Reply::new(200, ACCEPTS)).into());
            stub
        };
        ends_at(refuses_once, code, if code == ACCEPTED { 2 } else { 1 }).await;
    }
}

#[tokio::test]
async fn retry_after_without_sense_changes_no_clear_answer_to_an_example() {
    for pause in ["soon", "-1", "\u{b2}"] {
        ends(Reply::new(200, ACCEPTS).with("retry-after", pause), ACCEPTED).await;
        ends(Reply::new(400, r#"{"delivery": "none"}"#).with("retry-after", pause), NOT_SENT).await;
    }
}

#[tokio::test]
async fn answer_that_breaks_off_after_a_whole_document_is_unknown_to_an_example() {
    for body in [ACCEPTS, TRY_AGAIN] {
        let breaks_off = Behaviour::Steps(vec![Reply::new(200, body).unfinished().into(), Step::Close]);
        ends_at(async || gateway(breaks_off.clone()).await, UNKNOWN, 1).await;
    }
}

#[tokio::test]
async fn answer_that_never_ends_is_unknown_to_an_example_after_its_time_out() {
    for begun in ["HTTP/1.1 200 OK\r\nx-slow: ", "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"] {
        let steps = vec![Step::Write(begun.into()), Step::Drip(Duration::from_millis(50))];
        ends_at(async || gateway(Behaviour::Steps(steps.clone())).await, UNKNOWN, 1).await;
    }
}

#[tokio::test]
async fn redirect_is_unknown_to_an_example_and_its_target_sees_no_request() {
    let target = StubProvider::mailgun().await;
    for status in [301, 302, 303, 307, 308] {
        ends(Reply::new(status, "{}").with("location", &target.url()), UNKNOWN).await;
    }
    assert_eq!(target.connections(), 0, "{:?}", target.mails());
}

#[tokio::test]
async fn accepted_mail_is_not_sent_again_by_an_example_that_cannot_print() {
    let replies = [ACCEPTS, r#"{"delivery": "accepted", "id": "\u00e9"}"#].map(|body| Reply::new(200, body));
    for example in examples() {
        for reply in &replies {
            let gateway = gateway(reply.clone().into()).await;
            let variables = [("LC_ALL", "C"), ("PYTHONIOENCODING", "ascii")];
            let unheard = example.send_unheard(&gateway.url(), &message()).await;
            let heard = example.send(&gateway.url(), &message(), &variables).await;
            let seen = (unheard.code, heard.code, gateway.mails().len());
            assert_eq!(seen, (ACCEPTED, ACCEPTED, 2), "{}: {unheard:?}, {heard:?}", example.file);
        }
    }
}

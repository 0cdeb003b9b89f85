//! A mail that goes to the recipients' own servers, of whom each has come to another place.

use serde_json::{Value, json};

use super::fixture::{Answer, Node, with};
use super::shown::shown;
use crate::model::outcome::Outcome;
use crate::runtime::unix_time::UnixTime;
use crate::service::outbox::fake::NOW;
use crate::state::outbox::{PartStatus, PartTo, PartVerdict, State, Status, TriedAt};

fn verdict(place: u32, to: PartTo, outcome: Outcome, reason: &str, code: &str) -> PartVerdict {
    let (reason, code, host) = (reason.to_owned(), Some(code.to_owned()), Some("mx.example.org".to_owned()));
    PartVerdict { place, to, outcome, reason, code, host }
}

fn part(place: u32, state: State, verdicts: Vec<PartVerdict>) -> PartStatus {
    let is_queued = state == State::Queued;
    PartStatus {
        state,
        places: vec![place],
        next_attempt_at: is_queued.then_some(UnixTime(NOW.0 + 300_000)),
        attempts: u32::from(is_queued),
        possible_duplicate: false,
        verdicts,
    }
}

fn put_in_parts(status: &mut Status) {
    status.parts = vec![
        part(0, State::Accepted, vec![verdict(0, PartTo::Accepted, Outcome::Accepted, "smtp_250", "2.0.0")]),
        part(1, State::Queued, vec![verdict(1, PartTo::Again, Outcome::Deferred, "smtp_451", "4.7.1")]),
        part(2, State::Refused, vec![verdict(2, PartTo::Refused, Outcome::MessageRejected, "smtp_550", "5.1.1")]),
        part(3, State::Unknown, Vec::new()),
    ];
    status.next_attempt_at = status.parts[1].next_attempt_at;
    status.attempts = vec![TriedAt {
        upstream: "mx".to_owned(),
        at: UnixTime(NOW.0 + 1080),
        took_ms: Some(120),
        outcome: Some("deferred".to_owned()),
        reason: Some("smtp_451".to_owned()),
        code: Some("4.7.1".to_owned()),
        provider_message_id: None,
        late: false,
    }];
}

/// A mail to four, under a key.
async fn email(node: &Node) -> Answer {
    let headers = [&Node::KEY[..], &[("prefer", "respond-async"), ("idempotency-key", "k")]].concat();
    node.call("POST", "/email", &headers, &with("to", &to()).to_string()).await
}

#[tokio::test]
async fn a_repeat_hears_which_recipients_have_the_mail() {
    let node = Node::new();
    email(&node).await;
    node.store.put_all(State::Accepted);
    put_in_parts(&mut node.store.rows.lock().unwrap()[0].status);
    for part in &mut node.store.rows.lock().unwrap()[0].status.parts {
        if !part.state.is_final() {
            part.state = State::Expired;
        }
    }
    let answer = email(&node).await;
    assert_eq!((answer.status.as_u16(), answer.at("/partial")), (200, json!(true)), "{answer:?}");
    let words: Vec<_> = (0..4).map(|place| answer.text(&format!("/recipients/{place}/outcome"))).collect();
    assert_eq!(words, ["accepted", "deferred", "message_rejected", "deferred"], "{answer:?}");
    node.store.rows.lock().unwrap()[0].status.parts.truncate(1);
    assert_eq!(email(&node).await.at("/partial"), Value::Null, "all have it");
}

fn to() -> Value {
    json!(["b@example.org", "c@example.org", "d@example.org", "e@example.net"])
}

/// The answer of `GET /outbox/{id}`.
pub(super) async fn shown_in_parts() -> Value {
    let node = Node::new();
    let accepted = node.post("/outbox", &with("to", &to())).await;
    put_in_parts(&mut node.store.rows.lock().unwrap()[0].status);
    let answer = node.get(&format!("/outbox/{}", accepted.text("/id"))).await;
    let words: Vec<_> = (0..4).map(|place| answer.text(&format!("/recipients/{place}/status"))).collect();
    assert_eq!(words, ["delivered", "deferred", "refused", "unknown"], "{answer:?}");
    assert_eq!(answer.text("/recipients/0/host"), "mx.example.org");
    shown("GET /outbox/{id}", "It goes to the servers of its recipients", &answer)
}

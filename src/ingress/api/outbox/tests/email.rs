//! `POST /email` whose mail is queued, and what a repeat hears of it.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use serde_json::json;

use super::fixture::Node;
use crate::model::outcome::Outcome;
use crate::service::outbox::fake::Fault;
use crate::state::outbox::{RecipientVerdict, State, TriedAt};

/// The only row was handed over with this outcome; an open one has none.
fn tried(node: &Node, outcome: Option<&str>) {
    let tried = TriedAt {
        upstream: "u0".into(),
        at: crate::service::outbox::fake::NOW,
        took_ms: outcome.map(|_| 40),
        outcome: outcome.map(str::to_owned),
        reason: outcome.map(|_| "http_0".to_owned()),
        code: None,
        provider_message_id: Some("4711".into()),
        late: false,
    };
    node.store.rows.lock().unwrap()[0].status.attempts = vec![tried];
}

#[tokio::test]
async fn a_mail_that_is_queued_at_once_says_so_and_where_to_look() {
    let node = Node::new();
    let answer = node.async_email("k").await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert_eq!(answer.header("location"), Some(format!("/email/{}", answer.text("/id"))));
    assert_eq!(answer.header("preference-applied").as_deref(), Some("respond-async"));
    assert_eq!((answer.text("/delivery"), answer.text("/status")), ("queued".into(), "queued".into()));
    assert_eq!((answer.at("/attempts"), answer.header("idempotency-replayed")), (json!([]), None));
}

#[tokio::test]
async fn a_repeat_of_a_queued_mail_is_answered_by_its_state() {
    use State::*;
    let node = Node::new();
    node.async_email("k").await;
    for (state, outcome, status, delivery, kind) in [
        (Queued, Some("throttled"), 202, "queued", None),
        (Claimed, None, 202, "queued", None),
        (Sending, None, 202, "queued", None),
        (Parked, None, 202, "queued", None),
        (Accepted, Some("accepted"), 200, "accepted", None),
        (Unknown, Some("unknown"), 504, "unknown", Some("unknown")),
        (Unknown, None, 504, "unknown", Some("unknown")),
        (Refused, Some("message_rejected"), 422, "none", Some("message-rejected")),
        (Refused, Some("sender_rejected"), 422, "none", Some("sender-rejected")),
        (Refused, Some("not_capable"), 422, "none", Some("not-capable")),
        (Refused, Some("unavailable"), 502, "none", Some("refused")),
        (Expired, Some("unavailable"), 502, "none", Some("refused")),
        (Cancelled, None, 409, "none", Some("outbox-conflict")),
    ] {
        node.store.put_all(state);
        tried(&node, outcome);
        let answer = node.async_email("k").await;
        assert_eq!(
            (answer.status.as_u16(), answer.text("/delivery").as_str()),
            (status, delivery),
            "{state:?} {answer:?}"
        );
        assert_eq!(answer.header("idempotency-replayed").as_deref(), Some("true"), "{state:?}");
        assert_eq!(answer.header("preference-applied"), None, "{state:?}: an earlier call has queued it");
        let shown = json!(outcome.map(|word| json!([word]).to_string()));
        let words: Vec<_> =
            answer.at("/attempts").as_array().unwrap().iter().map(|one| one["outcome"].clone()).collect();
        assert_eq!(json!(words).to_string(), shown.as_str().unwrap_or("[]"), "{state:?} {answer:?}");
        if let Some(kind) = kind {
            assert_eq!(answer.text("/type"), format!("urn:smsp:problem:{kind}"), "{state:?}");
            assert_eq!(
                (answer.at("/retryable"), answer.text("/outbox_status")),
                (json!(false), state.as_str().to_owned())
            );
            let lookup = (state == Unknown).then_some("u0");
            assert_eq!(answer.at("/lookup/upstream").as_str(), lookup, "{state:?} {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_mail_that_ended_after_a_hand_over_that_may_have_succeeded_is_unknown_to_its_repeat() {
    let node = Node::new();
    node.async_email("k").await;
    for state in [State::Refused, State::Expired, State::Cancelled] {
        node.store.put_all(state);
        node.store.rows.lock().unwrap()[0].status.ticket.possible_duplicate = true;
        let answer = node.async_email("k").await;
        assert_eq!((answer.status.as_u16(), answer.text("/delivery")), (504, "unknown".into()), "{answer:?}");
    }
}

#[tokio::test]
async fn a_mail_that_waits_and_that_somebody_may_have_is_shown_with_that_doubt() {
    let node = Node::new();
    let id = node.async_email("k").await.text("/id");
    for (state, in_doubt) in [(State::Queued, false), (State::Queued, true), (State::Parked, true)] {
        node.store.put_all(state);
        node.store.rows.lock().unwrap()[0].status.ticket.possible_duplicate = in_doubt;
        for answer in [node.async_email("k").await, node.get(&format!("/email/{id}")).await] {
            let flag = answer.at("/possible_duplicate");
            assert_eq!((answer.text("/delivery").as_str(), flag == json!(true)), ("queued", in_doubt), "{answer:?}");
            assert_eq!(flag == json!(null), !in_doubt, "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_queued_mail_that_was_taken_has_a_receipt() {
    let node = Node::new();
    let id = node.async_email("k").await.text("/id");
    node.store.put_all(State::Accepted);
    tried(&node, Some("accepted"));
    let receipt = node.async_email("k").await;
    assert_eq!(
        (receipt.text("/id"), receipt.text("/provider"), receipt.text("/provider_message_id")),
        (id, "u0".into(), "4711".into())
    );
    assert_eq!((receipt.at("/partial"), receipt.at("/recipients")), (json!(null), json!(null)), "{receipt:?}");
    for outcome in [Some("unknown"), None] {
        tried(&node, outcome);
        assert_eq!(node.async_email("k").await.text("/provider"), "u0", "a person has found it there: {outcome:?}");
    }
    tried(&node, Some("accepted"));
    let refused = RecipientVerdict { place: 0, outcome: Outcome::Deferred, reason: "smtp_450".into() };
    node.store.rows.lock().unwrap()[0].status.recipient_verdicts = vec![refused];
    let partial = node.async_email("k").await;
    let expected = json!([{"email": "b@example.org", "outcome": "deferred", "reason": "smtp_450", "retryable": true}]);
    assert_eq!((partial.at("/partial"), partial.at("/recipients")), (json!(true), expected), "{partial:?}");
}

#[tokio::test]
async fn a_call_with_a_key_sends_nothing_before_the_store_has_said_what_it_knows() {
    let node = Node::new();
    node.async_email("k").await;
    node.store.tells_nothing.store(true, Ordering::Relaxed);
    for key in ["k", "l"] {
        let answer = node.async_email(key).await;
        assert_eq!((answer.status.as_u16(), answer.text("/delivery")), (503, "none".into()), "{answer:?}");
        assert_eq!(answer.text("/type"), "urn:smsp:problem:store-unavailable");
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_store_that_does_not_say_whether_it_has_the_mail_is_unknown() {
    let node = Node::new();
    node.store.does(Some(Fault::Unclear));
    let answer = node.async_email_once().await;
    assert_eq!((answer.status.as_u16(), answer.text("/delivery")), (504, "unknown".into()), "{answer:?}");
    assert_eq!(answer.text("/type"), "urn:smsp:problem:outbox-unknown");
    answer.text("/id");
}

#[tokio::test]
async fn only_a_node_with_an_outbox_documents_that_mail_is_queued() {
    for (node, has_outbox) in [(Node::new(), true), (Node::without_outbox(), false)] {
        let document = node.get("/openapi.json").await;
        let call = document.at("/paths/~1email/post");
        assert_eq!(call["responses"]["202"].is_object(), has_outbox, "{call}");
        let prefers = call["parameters"].as_array().unwrap().iter().any(|parameter| parameter["name"] == "Prefer");
        assert_eq!(prefers, has_outbox, "{call}");
    }
}

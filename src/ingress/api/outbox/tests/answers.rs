//! An answer of every kind, compared whole with `openapi/outbox-answers.json`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::fixture::{Node, in_days, mail, with};
use super::shown::{ID, shown};
use super::{email_answers, in_parts};
use crate::runtime::unix_time::UnixTime;
use crate::service::outbox::fake::{Fault, NOW};
use crate::state::outbox::{Full, State, TriedAt};

const QUEUE: &str = "POST /outbox";
const BATCH: &str = "POST /outbox/batch";
const LIST: &str = "GET /outbox";
const SHOW: &str = "GET /outbox/{id}";
const PATCH: &str = "PATCH /outbox/{id}";
const DELETE: &str = "DELETE /outbox/{id}";

#[tokio::test]
async fn every_answer_of_the_outbox_is_the_golden_one() {
    let all = [
        email_answers::queued().await,
        health().await,
        queued().await,
        batches().await,
        looked_up().await,
        changed().await,
        refused().await,
        email_answers::known().await,
    ]
    .concat();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/outbox-answers.json");
    let actual = format!("{:#}\n", Value::from(all));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &actual).unwrap();
    }
    assert_eq!(actual, std::fs::read_to_string(&path).unwrap(), "UPDATE_GOLDEN=1 rewrites it");
}

async fn health() -> Vec<Value> {
    let node = Node::new();
    let up = node.get("/healthcheck").await;
    node.up.set(false);
    let down = node.get("/healthcheck").await;
    vec![shown("GET /healthcheck", "With a store", &up), shown("GET /healthcheck", "The store is down", &down)]
}

async fn queued() -> Vec<Value> {
    let node = Node::new();
    let accepted = node.keyed("/outbox", "order-17", &mail()).await;
    node.store.put_all(State::Sending);
    let mut all = vec![
        shown(QUEUE, "Accepted", &accepted),
        shown(QUEUE, "A repeat", &node.keyed("/outbox", "order-17", &mail()).await),
        shown(
            QUEUE,
            "A key that names another message",
            &node.keyed("/outbox", "order-17", &with("subject", &json!("x"))).await,
        ),
        shown(
            QUEUE,
            "A time without an offset",
            &node.post("/outbox", &with("send_at", &json!("2026-12-24T18:00:00"))).await,
        ),
        shown(QUEUE, "Not JSON", &node.call("POST", "/outbox", &Node::KEY, "hello").await),
        shown(QUEUE, "Another caller's domain", &node.call("POST", "/outbox", &Node::SHOP, &mail().to_string()).await),
    ];
    for (title, fault) in [
        ("The outbox is full", Fault::Full(Full::Rows)),
        ("The store is down", Fault::Down),
        ("The store did not say whether it has the mail", Fault::Unclear),
    ] {
        node.store.does(Some(fault));
        all.push(shown(QUEUE, title, &node.post("/outbox", &mail()).await));
    }
    let large = with("text", &json!("x".repeat(200_000)));
    node.store.does(Some(Fault::Full(Full::CallersBytes)));
    all.push(shown(QUEUE, "Larger than all mail of the key may be", &node.post("/outbox", &large).await));
    node.store.does(None);
    *node.store.refused_domain.lock().unwrap() = "example.org";
    all.push(shown(QUEUE, "No provider may send for the sender", &node.post("/outbox", &mail()).await));
    all
}

async fn batches() -> Vec<Value> {
    let node = Node::new();
    let batch = |mails: &[Value]| json!({ "messages": mails });
    let bad = with("send_at", &json!("soon"));
    let mut all = vec![
        shown(BATCH, "One accepted and one refused", &node.post("/outbox/batch", &batch(&[mail(), bad.clone()])).await),
        shown(BATCH, "None accepted", &node.post("/outbox/batch?atomic=true", &batch(&[mail(), bad])).await),
        shown(BATCH, "No such parameter", &node.post("/outbox/batch?all=true", &batch(&[mail()])).await),
        shown(
            BATCH,
            "Another caller's domain",
            &node.call("POST", "/outbox/batch?atomic=true", &Node::SHOP, &batch(&[mail()]).to_string()).await,
        ),
    ];
    for (title, fault) in
        [("The store is down", Fault::Down), ("The store did not say whether it has the mails", Fault::Unclear)]
    {
        node.store.does(Some(fault));
        all.push(shown(BATCH, title, &node.post("/outbox/batch", &batch(&[mail()])).await));
    }
    let large = batch(&[with("text", &json!("x".repeat(200_000)))]);
    node.store.does(Some(Fault::Full(Full::CallersBytes)));
    all.extend([
        shown(BATCH, "No room for one", &node.post("/outbox/batch", &batch(&[mail()])).await),
        shown(BATCH, "Larger than all mail of the key may be", &node.post("/outbox/batch?atomic=true", &large).await),
    ]);
    all
}

async fn looked_up() -> Vec<Value> {
    let node = Node::new();
    let path = format!("/outbox/{}", node.post("/outbox", &mail()).await.text("/id"));
    let waiting = node.get(&path).await;
    {
        let mut rows = node.store.rows.lock().unwrap();
        let status = &mut rows[0].status;
        (status.ticket.state, status.next_attempt_at) = (State::Accepted, None);
        status.ended_at = Some(UnixTime(NOW.0 + 1200));
        status.attempts = vec![TriedAt {
            upstream: "mg".to_owned(),
            at: UnixTime(NOW.0 + 1080),
            took_ms: Some(120),
            outcome: Some("accepted".to_owned()),
            reason: Some("http_200".to_owned()),
            code: None,
            provider_message_id: Some("1@mg.example.org".to_owned()),
            late: false,
        }];
    }
    let accepted = node.get(&path).await;
    {
        let mut rows = node.store.rows.lock().unwrap();
        let status = &mut rows[0].status;
        (status.ticket.state, status.next_attempt_at, status.ended_at) = (State::Queued, Some(NOW), None);
        let tried = &mut status.attempts[0];
        (tried.took_ms, tried.provider_message_id) = (None, None);
        (tried.outcome, tried.reason) = (Some("sender_rejected".to_owned()), Some("sender_not_allowed".to_owned()));
    }
    let left_out = node.get(&path).await;
    assert_eq!(left_out.text("/reason"), "sender_not_allowed", "{left_out:?}");
    assert!(accepted.at("/reason").is_null(), "{accepted:?}");
    let all = vec![
        shown(SHOW, "It waits", &waiting),
        shown(SHOW, "It was accepted", &accepted),
        shown(SHOW, "No upstream may send it", &left_out),
        in_parts::shown_in_parts().await,
        shown(SHOW, "No such mail", &node.get(&format!("/outbox/{ID}")).await),
        shown(SHOW, "A query parameter", &node.get(&format!("{path}?full=true")).await),
        shown(LIST, "A page", &node.get("/outbox").await),
        shown(LIST, "A wrong parameter", &node.get("/outbox?status=gone").await),
    ];
    node.store.does(Some(Fault::Down));
    let down = [
        shown(SHOW, "The store is down", &node.get(&path).await),
        shown(LIST, "The store is down", &node.get("/outbox").await),
    ];
    [all, down.to_vec()].concat()
}

async fn changed() -> Vec<Value> {
    let node = Node::new();
    let accepted = node.post("/outbox", &with("expires_at", &json!(in_days(5)))).await;
    let path = format!("/outbox/{}", accepted.text("/id"));
    let time = json!({"send_at": in_days(1)}).to_string();
    let patch = async |body: &str| node.call("PATCH", &path, &Node::KEY, body).await;
    let delete = async |query: &str| node.call("DELETE", &format!("{path}{query}"), &Node::KEY, "").await;
    let mut all = vec![
        shown(PATCH, "Another time", &patch(&time).await),
        shown(PATCH, "Not JSON", &patch("soon").await),
        shown(PATCH, "No time", &patch(r#"{"send_at": "soon"}"#).await),
        shown(DELETE, "Neither true nor false", &delete("?erase=yes").await),
        shown(PATCH, "No such mail", &node.call("PATCH", &format!("/outbox/{ID}"), &Node::KEY, &time).await),
        shown(DELETE, "No such mail", &node.call("DELETE", &format!("/outbox/{ID}"), &Node::KEY, "").await),
    ];
    node.store.put_all(State::Sending);
    all.extend([
        shown(PATCH, "It is being sent", &patch(&time).await),
        shown(DELETE, "It is being sent", &delete("").await),
    ]);
    node.store.put_all(State::Queued);
    for (title, fault) in [("The store is down", Fault::Down), ("The store did not say what it did", Fault::Unclear)] {
        node.store.does(Some(fault));
        all.extend([shown(PATCH, title, &patch(&time).await), shown(DELETE, title, &delete("?erase=true").await)]);
    }
    node.store.does(None);
    node.store.put_all(State::Queued);
    all.push(shown(DELETE, "Cancelled", &delete("").await));
    all
}

/// For reasons that every call has.
async fn refused() -> Vec<Value> {
    let node = Node::new();
    let json = [("content-type", "application/json")];
    let time = json!({"send_at": in_days(1)}).to_string();
    let bodies = [
        (QUEUE, mail().to_string()),
        (BATCH, json!({"messages": [mail()]}).to_string()),
        (LIST, String::new()),
        (SHOW, String::new()),
        (PATCH, time),
        (DELETE, String::new()),
        ("GET /email/{id}", String::new()),
    ];
    let mut all = Vec::new();
    for (call, body) in &bodies {
        let (method, path) = call.split_once(' ').unwrap();
        let answer = node.call(method, &path.replace("{id}", ID), &json, body).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        all.push(shown(call, "No key", &answer));
    }
    for _ in 0..5 {
        node.call("GET", "/outbox", &Node::SHOP, "").await;
    }
    for (call, body) in &bodies {
        let (method, path) = call.split_once(' ').unwrap();
        let answer = node.call(method, &path.replace("{id}", ID), &Node::SHOP, body).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        all.push(shown(call, "Over the rate of the key", &answer));
    }
    all
}

//! The outbox for operators, on a store that does what a test says.

pub(crate) mod golden;
mod many;
pub(crate) mod node;

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::ingress::admin::AdminState;
use crate::service::outbox::fake::{Fault, NOW};
use crate::state::outbox::{State, WentBack};
use node::Node;

#[tokio::test]
async fn orders_are_carried_out_and_recorded() {
    let node = Node::new().await;
    let id = node.id.clone();
    assert_eq!(node.call("GET", "/outbox", "").await.body["mails"][0]["status"], "queued");
    assert_eq!(node.call("PUT", "/outbox", r#"{"paused": true}"#).await.body["paused"], true);
    node.store.put_all(State::Parked);
    assert_eq!(node.call("POST", "/outbox/{id}/retry", "").await.body["status"], "queued");
    node.store.put_all(State::Unknown);
    assert_eq!(node.call("POST", "/outbox/{id}/settle", r#"{"as": "none"}"#).await.body["status"], "queued");
    node.store.put_all(State::Unknown);
    assert_eq!(node.call("POST", "/outbox/{id}/settle", r#"{"as": "accepted"}"#).await.body["status"], "accepted");
    node.store.put_all(State::Parked);
    let released = node.call("POST", "/outbox/release", r#"{"caller": "caller", "from_domain": "Example.ORG"}"#).await;
    assert_eq!(released.body, json!({"released": 1, "more": false}));
    let found = node.call("POST", "/outbox/find", r#"{"recipient": "b@example.org"}"#).await;
    assert_eq!(found.body, json!({"mails": [{"id": id, "caller": "caller"}], "more": false}));
    assert_eq!(node.call("POST", "/outbox/erase", r#"{"recipient": "b@example.org"}"#).await.body["erased"], 1);
    assert_eq!(node.call("PUT", "/outbox", r#"{"paused": false}"#).await.body["paused"], false);
    let expected = [
        "go_on".to_owned(),
        "erase_recipient".to_owned(),
        "find_recipient".to_owned(),
        "release caller=caller from_domain=example.org".to_owned(),
        format!("settle_as_accepted {id}"),
        format!("settle_as_none {id}"),
        format!("retry {id}"),
        "pause".to_owned(),
    ];
    assert_eq!(node.orders().await, expected, "the newest first");
}

#[tokio::test]
async fn an_older_copy_is_shown_as_one() {
    let node = Node::new().await;
    assert_eq!(node.call("GET", "/outbox", "").await.body["went_back"], Value::Null);
    *node.store.went_back.lock().unwrap() = Some(WentBack::Marks(1000));
    let shown = node.call("GET", "/outbox", "").await.body;
    assert_eq!(shown["went_back"], "1000 marks are missing that are remembered");
}

#[tokio::test]
async fn refused_orders_leave_no_record_and_unclear_ones_do() {
    let node = Node::new().await;
    for (path, status) in [
        ("/outbox/{id}/retry", StatusCode::CONFLICT),
        ("/outbox/x/retry", StatusCode::NOT_FOUND),
        ("/outbox/01a21648-c217-7484-8bb9-6404cd0bad53/retry", StatusCode::NOT_FOUND),
    ] {
        let answer = node.call("POST", path, "").await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    assert_eq!(node.orders().await, [""; 0]);
    let far = node.call_from([192, 0, 2, 1], "PUT", "/outbox", r#"{"paused": true}"#).await;
    assert_eq!(far.status, StatusCode::FORBIDDEN);
    node.store.does(Some(Fault::Down));
    assert_eq!(node.call("PUT", "/outbox", r#"{"paused": true}"#).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(node.call("GET", "/audit", "").await.body["records_of"], "this_node", "the store is down");
    node.store.does(None);
    assert_eq!(node.orders().await, [""; 0]);
    node.store.does(Some(Fault::Unclear));
    assert_eq!(node.call("PUT", "/outbox", r#"{"paused": true}"#).await.status, StatusCode::GATEWAY_TIMEOUT);
    node.store.does(None);
    assert_eq!(node.orders().await, ["pause"], "whether it was carried out can be seen later");
}

#[tokio::test]
async fn mail_whose_time_is_over_is_not_sent_again_by_an_order() {
    let node = Node::new().await;
    node.store.rows.lock().unwrap()[0].status.ticket.expires_at = NOW;
    for (state, advice) in [(State::Unknown, "settle it as"), (State::Parked, "it expires")] {
        node.store.put_all(state);
        let answer = node.call("POST", "/outbox/{id}/retry", "").await;
        assert_eq!(
            (answer.status, &answer.body["type"]),
            (StatusCode::CONFLICT, &json!("urn:smsp:problem:outbox-conflict"))
        );
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains("its expires_at has passed") && detail.contains(advice), "{detail}");
    }
    assert_eq!(node.orders().await, [""; 0]);
    node.store.put_all(State::Unknown);
    let settled = node.call("POST", "/outbox/{id}/settle", r#"{"as": "none"}"#).await;
    assert_eq!((settled.status, &settled.body["status"]), (StatusCode::OK, &json!("expired")));
}

#[tokio::test]
async fn a_refusal_of_an_order_names_its_field_and_never_a_value() {
    let node = Node::new().await;
    for (call, body, status, field) in [
        ("PUT /outbox", "{}", 422, "paused"),
        ("PUT /outbox", r#"{"paused": "canary"}"#, 422, "paused"),
        ("PUT /outbox", r#"{"paused": true, "paused": false}"#, 422, "paused"),
        ("PUT /outbox", r#"{"pause": true}"#, 422, "pause"),
        ("PUT /outbox", r#"{"canary@example.org": true}"#, 422, "body"),
        ("PUT /outbox", "[true]", 422, "body"),
        ("PUT /outbox?dry-run=canary", r#"{"paused": true}"#, 400, "dry-run"),
        ("GET /outbox?status=canary", "", 400, "status"),
        ("POST /outbox/{id}/retry?all=canary", "", 400, "all"),
        ("POST /outbox/{id}/retry", r#"{"as": "canary"}"#, 422, "body"),
        ("POST /outbox/{id}/settle", "{}", 422, "as"),
        ("POST /outbox/{id}/settle", r#"{"as": "canary"}"#, 422, "as"),
        ("POST /outbox/{id}/settle", r#"["none"]"#, 422, "body"),
        ("POST /outbox/release", r#"{"caller": "no canary"}"#, 422, "caller"),
        ("POST /outbox/release", r#"{"caller": null}"#, 422, "caller"),
        ("POST /outbox/release", r#"{"caler": "canary"}"#, 422, "caler"),
        ("POST /outbox/release", r#"{"from_domain": "canary@example.org"}"#, 422, "from_domain"),
        ("POST /outbox/release", r#"{"accepted_from": "canary"}"#, 422, "accepted_from"),
        ("POST /outbox/release", r#"{"accepted_before": "2026-11-21T22:05:09"}"#, 422, "accepted_before"),
        ("POST /outbox/release", r#"{"over": "0s"}"#, 422, "over"),
        ("POST /outbox/find", "{}", 422, "recipient"),
        ("POST /outbox/find", r#"{"recipient": "canary"}"#, 422, "recipient"),
        ("POST /outbox/find", r#"{"recipient": "b@example.org", "all": true}"#, 422, "all"),
        ("POST /outbox/find?recipient=b@example.org", "{}", 400, "recipient"),
        ("POST /outbox/erase", "{}", 422, "recipient"),
        ("POST /outbox/erase", r#"{"recipient": "canary"}"#, 422, "recipient"),
        ("POST /outbox/erase", r#"{"recipient": "b@example.org", "all": true}"#, 422, "all"),
        ("PUT /circuits/u", "{}", 422, "body"),
        ("PUT /circuits/u", r#"{"override": "canary"}"#, 422, "override"),
        ("PUT /circuits/u", r#"{"override": "open", "for": "canary"}"#, 422, "for"),
        ("PUT /circuits/u?for=canary", r#"{"override": "open"}"#, 400, "for"),
        ("POST /route?calller=canary", "{}", 400, "caller"),
    ] {
        let (method, path) = call.split_once(' ').unwrap();
        let answer = node.call(method, path, body).await;
        let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
        let named: Vec<_> = errors.iter().filter_map(|error| error["field"].as_str()).collect();
        assert_eq!((answer.status.as_u16(), named), (status, vec![field]), "{call} {body}: {}", answer.body);
        assert!(answer.body["detail"].as_str().unwrap().starts_with(&format!("{field}: ")), "{}", answer.body);
        assert!(!answer.body.to_string().contains("canary"), "{}", answer.body);
    }
    assert_eq!(node.orders().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn every_call_is_answered_before_the_listener_gives_it_up_where_the_store_never_answers() {
    for (call, body) in CALLS {
        let (method, path) = call.split_once(' ').unwrap();
        let node = Node::new().await;
        node.store.does(Some(Fault::Hang));
        let (start, answer) = (Instant::now(), node.call(method, &whole(path), body).await);
        let (status, seconds) = match method {
            "GET" => (StatusCode::SERVICE_UNAVAILABLE, 10),
            // Its mail is counted before.
            _ if path == "/outbox/orders" => (StatusCode::SERVICE_UNAVAILABLE, 5),
            _ => (StatusCode::GATEWAY_TIMEOUT, 10),
        };
        let expected = (status, Duration::from_secs(seconds));
        assert_eq!((answer.status, start.elapsed()), expected, "{call}: {}", answer.body);
    }
    let node = Node::new().await;
    node.store.does(Some(Fault::HangAfterOrder));
    let paused = node.call("PUT", "/outbox", r#"{"paused": true}"#).await;
    let detail = paused.body["detail"].as_str().unwrap();
    assert!(
        paused.status == StatusCode::GATEWAY_TIMEOUT && detail.starts_with("The order was carried out"),
        "{detail}"
    );
}

#[tokio::test]
async fn without_an_outbox_there_is_no_path_to_it() {
    let node = Node::new().await;
    let node = Node { state: AdminState { outbox: None, ..node.state }, ..node };
    for (call, _) in CALLS {
        let (method, path) = call.split_once(' ').unwrap();
        let (answer, nowhere) = (node.call(method, path, "{}").await, node.call(method, "/x", "{}").await);
        assert_eq!((answer.status, &answer.body["type"]), (nowhere.status, &nowhere.body["type"]), "{method} {path}");
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(node.orders().await, [""; 0]);
    let document = node.call("GET", "/openapi.json", "").await.body;
    assert!(document["paths"].as_object().expect("paths").keys().all(|path| !path.starts_with("/outbox")));
}

const CALLS: [(&str, &str); 11] = [
    ("GET /outbox", ""),
    ("GET /outbox/mails", ""),
    ("GET /outbox/count", ""),
    ("POST /outbox/orders", r#"{"order": "settle_as_none", "status": "unknown", "count": 1, "over": "10m"}"#),
    ("POST /outbox/{id}/cancel", ""),
    ("PUT /outbox", r#"{"paused": true}"#),
    ("POST /outbox/{id}/retry", ""),
    ("POST /outbox/{id}/settle", r#"{"as": "none"}"#),
    ("POST /outbox/release", r#"{"caller": "caller", "over": "10m"}"#),
    ("POST /outbox/find", r#"{"recipient": "b@example.org"}"#),
    ("POST /outbox/erase", r#"{"recipient": "b@example.org"}"#),
];

/// With the query that a call needs.
fn whole(path: &str) -> String {
    if path == "/outbox/count" { format!("{path}?status=unknown") } else { path.to_owned() }
}

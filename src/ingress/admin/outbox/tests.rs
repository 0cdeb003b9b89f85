//! The outbox for operators, on a store that does what a test says. The answers are the examples of the document:
//! `UPDATE_GOLDEN=1` rewrites them.

mod node;

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::body::Body;
use axum::http::StatusCode;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::access::admins::Admins;
use crate::access::keys::KeyRing;
use crate::ingress::admin::AdminState;
use crate::service::outbox::fake::{Fault, NOW};
use crate::state::outbox::{State, WentBack};
use node::{Answer, Node};

const ID: &str = "01a21648-c217-7484-8bb9-6404cd0bad53";
const REQUEST_ID: &str = "01a21648-c216-7b02-a1d5-3e90b7c1f4a8";

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
    assert!(node.call("GET", "/audit", "").await.body.get("outbox").is_none(), "the store is down");
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
        let (start, answer) = (Instant::now(), node.call(method, path, body).await);
        let expected = if method == "GET" { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::GATEWAY_TIMEOUT };
        assert_eq!((answer.status, start.elapsed()), (expected, Duration::from_secs(10)), "{call}: {}", answer.body);
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
    for (method, path) in [
        ("GET", "/outbox"),
        ("PUT", "/outbox"),
        ("POST", "/outbox/{id}/retry"),
        ("POST", "/outbox/{id}/settle"),
        ("POST", "/outbox/release"),
        ("POST", "/outbox/find"),
        ("POST", "/outbox/erase"),
    ] {
        let (answer, nowhere) = (node.call(method, path, "{}").await, node.call(method, "/x", "{}").await);
        assert_eq!((answer.status, &answer.body["type"]), (nowhere.status, &nowhere.body["type"]), "{method} {path}");
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    assert!(node.call("GET", "/audit", "").await.body.get("outbox").is_none());
    let document = node.call("GET", "/openapi.json", "").await.body;
    assert!(document["paths"].as_object().expect("paths").keys().all(|path| !path.starts_with("/outbox")));
}

/// With what differs from run to run put in its place.
fn shown(call: &str, title: &str, answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    for (name, stands) in [("id", json!(ID)), ("request_id", json!(REQUEST_ID))] {
        if body.get(name).is_some() {
            body[name] = stands;
        }
    }
    for mails in body.get_mut("mails").and_then(Value::as_array_mut).into_iter().flatten() {
        for (name, stands) in [("id", json!(ID)), ("oldest_ms", json!(1200))] {
            if mails.get(name).is_some() {
                mails[name] = stands;
            }
        }
    }
    json!({"call": call, "title": title, "status": answer.status.as_u16(), "body": body})
}

/// So many calls with wrong keys that one of them may not even wait for its answer.
const GUESSES: usize = 100;

const CALLS: [(&str, &str); 7] = [
    ("GET /outbox", ""),
    ("PUT /outbox", r#"{"paused": true}"#),
    ("POST /outbox/{id}/retry", ""),
    ("POST /outbox/{id}/settle", r#"{"as": "none"}"#),
    ("POST /outbox/release", r#"{"caller": "caller", "over": "10m"}"#),
    ("POST /outbox/find", r#"{"recipient": "b@example.org"}"#),
    ("POST /outbox/erase", r#"{"recipient": "b@example.org"}"#),
];

/// For reasons that every call has.
async fn refused(call: &str, body: &str) -> Vec<Value> {
    let (method, path) = call.split_once(' ').unwrap();
    let (local, node) = ([127, 0, 0, 1], Node::new().await);
    let with = async |headers: &[(&str, &str)], body: Body| node.call_with(local, method, path, headers, body).await;
    let mut all = vec![
        shown(call, "Too large", &with(&[("content-length", "65537")], Body::empty()).await),
        shown(call, "A compressed body", &with(&[("content-encoding", "gzip")], Body::empty()).await),
    ];
    if method != "GET" {
        let stalled = Body::from_stream(futures_util::stream::pending::<Result<&[u8], std::io::Error>>());
        all.push(shown(call, "A body that does not come", &with(&[], stalled).await));
    }
    let mut keys = KeyRing::default();
    keys.read("ada:operator:op", UNIX_EPOCH).unwrap();
    let node = Node { state: AdminState { admins: Arc::new(Admins::new(Some(keys))), ..node.state }, ..node };
    all.push(shown(call, "No key", &node.call(method, path, body).await));
    let guess = || node.call_with(local, method, path, &[("x-admin-key", "wrong")], Body::empty());
    let guesses = join_all((0..GUESSES).map(|_| guess())).await;
    let refused = guesses.iter().find(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS);
    all.push(shown(call, "Too many wrong keys", refused.expect("one of many guesses is refused")));
    all
}

#[tokio::test(start_paused = true)]
async fn every_answer_about_the_outbox_is_the_golden_one() {
    let mut all = Vec::new();
    for (call, body) in CALLS {
        let (method, path) = call.split_once(' ').unwrap();
        let node = Node::new().await;
        node.store.put_all(State::Unknown);
        let mut show = |title, answer: &Answer| all.push(shown(call, title, answer));
        show("Done", &node.call(method, path, body).await);
        show("A query parameter", &node.call(method, &format!("{path}?all=true"), body).await);
        show("Not from this machine", &node.call_from([192, 0, 2, 1], method, path, body).await);
        if path.contains("{id}") {
            show("No such mail", &node.call(method, &path.replace("{id}", ID), body).await);
            node.store.put_all(State::Sending);
            show("It is being sent", &node.call(method, path, body).await);
            node.store.put_all(State::Unknown);
            node.store.rows.lock().unwrap()[0].status.ticket.expires_at = NOW;
            show("Its time is over", &node.call(method, path, body).await);
        }
        if method != "GET" {
            show("Another body", &node.call(method, path, r#"{"who": "me"}"#).await);
        }
        node.store.does(Some(Fault::Down));
        show("The store is down", &node.call(method, path, body).await);
        if method != "GET" {
            node.store.does(Some(Fault::Unclear));
            show("The store did not say what it did", &node.call(method, path, body).await);
        }
    }
    for (call, body) in CALLS {
        all.extend(refused(call, body).await);
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/admin-outbox-answers.json");
    let actual = format!("{:#}\n", Value::from(all));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &actual).unwrap();
    }
    assert_eq!(actual, std::fs::read_to_string(&path).unwrap(), "UPDATE_GOLDEN=1 rewrites it");
}

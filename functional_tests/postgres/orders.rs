//! Orders of operators while the database is stopped or dead: each is answered in time, with what is known of it.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::fixture::{REST, settings, store_is};
use crate::harness::postmaster::Postmaster;
use crate::harness::wait::{eventually_within, when};
use crate::harness::{Answer, Proxy, admin};

const ID: &str = "01a21648-c217-7484-8bb9-6404cd0bad53";

/// The answers to each order and to the question how much waits, asked all at once.
async fn orders(node: &Proxy) -> Vec<(String, Answer)> {
    let calls = [
        (Method::GET, "/outbox".to_owned(), None),
        (Method::PUT, "/outbox".to_owned(), Some(json!({"paused": true}))),
        (Method::POST, format!("/outbox/{ID}/retry"), None),
        (Method::POST, format!("/outbox/{ID}/settle"), Some(json!({"as": "none"}))),
        (Method::POST, "/outbox/release".to_owned(), Some(json!({}))),
        (Method::POST, "/outbox/find".to_owned(), Some(json!({"recipient": "b@example.org"}))),
        (Method::POST, "/outbox/erase".to_owned(), Some(json!({"recipient": "b@example.org"}))),
    ];
    let ops = node.ops;
    let ask = |(method, path, body): (Method, String, Option<Value>)| async move {
        let answer = admin::call(ops, method.clone(), &path, &[], body.as_ref()).await;
        (format!("{method} {path}"), answer)
    };
    join_all(calls.map(ask)).await
}

/// No time limit of the listener has answered, but the store, or the service that has waited for it.
#[track_caller]
fn is_clear(call: &str, answer: &Answer) {
    let unavailable = answer.status == 503 && answer.json["type"] == "urn:smsp:problem:outbox-unavailable";
    let unknown = answer.status == 504 && answer.json["type"] == "urn:smsp:problem:outbox-unknown";
    assert!(unavailable && answer.retry_after() > 0 || unknown && !call.starts_with("GET"), "{call}: {answer}");
}

#[tokio::test]
async fn orders_are_answered_in_time_while_the_database_is_stopped_or_dead() {
    let Some(server) = Postmaster::start() else { return };
    let database = server.database().await;
    let node = Proxy::start(settings(&server.url(&database))).await;
    server.pause();
    let stopped = orders(&node).await;
    server.resume();
    for (call, answer) in &stopped {
        is_clear(call, answer);
    }
    let paused = eventually_within(REST, "the outbox is shown again", async || {
        let answer = node.client.ops("/outbox").await;
        when(answer.status == 200, || answer.to_string()).map(|()| answer.json["paused"].clone())
    })
    .await;
    let was_none = stopped.iter().any(|(call, answer)| call == "PUT /outbox" && answer.status == 503);
    assert!(!was_none || paused == false, "what was refused was carried out: {stopped:?}");
    server.kill();
    for (call, answer) in &orders(&node).await {
        is_clear(call, answer);
    }
    server.restart();
    store_is(&node.client, true).await;
    let answer = admin::call(node.ops, Method::PUT, "/outbox", &[], Some(&json!({"paused": true}))).await.expect(200);
    assert_eq!(answer.json["paused"], true, "{answer}");
}

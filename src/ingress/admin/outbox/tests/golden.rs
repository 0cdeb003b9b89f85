//! Every answer about the outbox: they are the examples of the document. `UPDATE_GOLDEN=1` rewrites them.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::body::Body;
use axum::http::StatusCode;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::node::{Answer, Node, next_page_of_the_audit_log};
use super::{CALLS, whole};
use crate::access::admins::Admins;
use crate::access::keys::KeyRing;
use crate::ingress::admin::AdminState;
use crate::ingress::admin::outbox::cursor::{Purpose, of_walk};
use crate::runtime::unix_time::UnixTime;
use crate::service::outbox::CarriedOut;
use crate::service::outbox::fake::{Fault, NOW};
use crate::state::outbox::{Order, Place, RowId, Selection, State, Walked};

const ID: &str = "01a21648-c217-7484-8bb9-6404cd0bad53";
const REQUEST_ID: &str = "01a21648-c216-7b02-a1d5-3e90b7c1f4a8";

/// Where the order on many of [`CALLS`] goes on, which has met no mail.
fn after() -> String {
    let unknown = Selection { state: Some(State::Unknown), ..Selection::default() };
    let place = Place { accepted_at: UnixTime(0), row: RowId(0) };
    let carried_out = CarriedOut { walked: Walked { caller: "caller".into(), place }, met: 0 };
    of_walk(&carried_out, Purpose::order(Order::SettleAsNone, &unknown, 1))
}

/// With what differs from run to run put in its place.
pub(in crate::ingress::admin) fn shown(call: &str, title: &str, answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    for (name, stands) in [("id", json!(ID)), ("request_id", json!(REQUEST_ID)), ("oldest_ms", json!(1200))] {
        if body.get(name).is_some() {
            body[name] = stands;
        }
    }
    for list in ["mails", "sites"] {
        for one in body.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            for (name, stands) in [("id", json!(ID)), ("oldest_ms", json!(1200))] {
                if one.get(name).is_some() {
                    one[name] = stands;
                }
            }
        }
    }
    json!({"call": call, "title": title, "status": answer.status.as_u16(), "body": body})
}

/// So many calls with wrong keys that one of them may not even wait for its answer.
const GUESSES: usize = 100;

/// For reasons that every call has.
pub(in crate::ingress::admin) async fn refused(call: &str, body: &str) -> Vec<Value> {
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
        let state = if call.ends_with("cancel") { State::Parked } else { State::Unknown };
        node.store.put_all(state);
        let mut show = |title, answer: &Answer| all.push(shown(call, title, answer));
        show("Done", &node.call(method, &whole(path), body).await);
        if path == "/outbox/orders" {
            node.store.put_all(state);
            show(
                "More mail than it names",
                &node.call(method, path, &body.replace("\"count\": 1", "\"count\": 0")).await,
            );
        }
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
        show("The store is down", &node.call(method, &whole(path), body).await);
        if method != "GET" {
            node.store.does(Some(Fault::Unclear));
            // An order on many goes on where its mail was counted before.
            let body = body.replace("\"count\"", &format!(r#""after": "{}", "count""#, after()));
            show("The store did not say what it did", &node.call(method, path, &body).await);
        }
    }
    for (call, body) in CALLS {
        all.extend(refused(call, body).await);
    }
    all.push(shown("GET /audit", "The store is down", &next_page_of_the_audit_log().await));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/admin-outbox-answers.json");
    let actual = format!("{:#}\n", Value::from(all));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &actual).unwrap();
    }
    assert_eq!(actual, std::fs::read_to_string(&path).unwrap(), "UPDATE_GOLDEN=1 rewrites it");
}

//! The outbox over HTTP, on a store that does what a test says. The answers are the examples of the document:
//! `UPDATE_GOLDEN=1` rewrites them.

mod answers;
mod batches;
mod email;
mod email_answers;
mod fixture;
mod in_parts;
mod known;
mod shown;

use axum::http::StatusCode;
use serde_json::json;

use super::super::delivery::Delivery;
use crate::service::outbox::fake::{Fault, NOW};
use crate::state::outbox::{Full, State};
use fixture::{Node, in_days, mail, with};

#[tokio::test]
async fn accepted_mail_is_202_with_its_place() {
    let node = Node::new();
    let answer = node.post("/outbox", &mail()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    let id = answer.text("/id");
    assert_eq!(answer.header("location"), Some(format!("/outbox/{id}")));
    assert_eq!((answer.text("/status"), answer.text("/delivery")), ("queued".into(), "queued".into()));
    assert_eq!((answer.text("/accepted_at"), answer.text("/send_at")), (NOW.to_string(), NOW.to_string()));
    let shown = node.get(&format!("/outbox/{id}")).await;
    assert_eq!((shown.status, shown.at("/recipients/0/email")), (StatusCode::OK, json!("b@example.org")), "{shown:?}");
}

#[tokio::test]
async fn without_an_outbox_there_is_no_path_to_it() {
    let node = Node::without_outbox();
    for (method, path) in [
        ("POST", "/outbox"),
        ("GET", "/outbox"),
        ("POST", "/outbox/batch"),
        ("GET", "/outbox/x"),
        ("PATCH", "/outbox/x"),
        ("DELETE", "/outbox/x"),
    ] {
        let (answer, nowhere) = (node.call(method, path, &[], "{}").await, node.call(method, "/x", &[], "{}").await);
        assert_eq!((answer.status, answer.without_id()), (nowhere.status, nowhere.without_id()), "{method} {path}");
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    let document = node.get("/openapi.json").await;
    let paths = document.at("/paths");
    assert!(paths.as_object().expect("paths").keys().all(|path| !path.starts_with("/outbox")), "{paths}");
    let document = Node::new().get("/openapi.json").await;
    assert!(document.at("/paths/~1outbox~1{id}/delete").is_object(), "{document:?}");
}

#[tokio::test]
async fn a_time_that_cannot_be_read_is_422_and_never_now() {
    let node = Node::new();
    let far = in_days(31);
    for (field, value) in [
        ("send_at", json!("tomorrow")),
        ("send_at", json!("")),
        ("send_at", json!("2026-12-24T18:00:00")),
        ("send_at", json!("2026-12-24")),
        ("send_at", json!(1_795_298_700)),
        ("send_at", json!(far)),
        ("expires_at", json!("never")),
        ("expires_at", json!(far)),
        ("expires_at", json!("2020-01-01T00:00:00Z")),
        ("priority", json!("urgent")),
        ("send-at", json!(in_days(1))),
        ("sendAt", json!(in_days(1))),
    ] {
        let answer = node.post("/outbox", &with(field, &value)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}: {answer:?}");
        assert_eq!(answer.at("/errors/0/field"), json!(field), "{value}");
    }
    let both = json!({"from": "a@example.org", "to": "b@example.org", "send_at": in_days(2), "expires_at": in_days(1)});
    assert_eq!(node.post("/outbox", &both).await.at("/errors/0/field"), json!("expires_at"));
    assert!(node.store.rows.lock().unwrap().is_empty(), "nothing was accepted");
}

#[tokio::test]
async fn time_and_priority_reach_the_store() {
    let node = Node::new();
    let (send_at, expires_at) = (in_days(1), in_days(3));
    let mail = json!({"fromaddress": "a@example.org", "to": "b@example.org", "send_at": send_at, "expires_at": expires_at,
        "priority": "high"});
    let answer = node.post("/outbox", &mail).await;
    assert_eq!((answer.text("/send_at"), answer.text("/expires_at")), (send_at, expires_at), "{answer:?}");
    let shown = node.get(&format!("/outbox/{}", answer.text("/id"))).await;
    assert_eq!(shown.text("/priority"), "high");
    // One that is past must not come before those that were due earlier.
    let past = node.post("/outbox", &with("send_at", &json!("2020-01-01T00:00:00Z"))).await;
    assert_eq!(past.text("/send_at"), NOW.to_string());
}

#[tokio::test]
async fn a_repeat_hears_the_present_status_and_another_message_is_refused() {
    let node = Node::new();
    let first = node.keyed("/outbox", "k", &mail()).await;
    node.store.put_all(State::Accepted);
    let repeat = node.keyed("/outbox", "k", &mail()).await;
    assert_eq!((repeat.text("/id"), repeat.text("/status")), (first.text("/id"), "accepted".into()));
    assert_eq!(
        (first.header("idempotency-replayed"), repeat.header("idempotency-replayed")),
        (None, Some("true".into()))
    );
    let other = node.keyed("/outbox", "k", &with("subject", &json!("x"))).await;
    assert_eq!(
        (other.status, other.at("/errors/0/field")),
        (StatusCode::UNPROCESSABLE_ENTITY, json!("Idempotency-Key"))
    );
    let sent = node.keyed("/email", "k", &mail()).await;
    assert!(sent.at("/id").is_string(), "{sent:?}");
    assert_ne!(sent.text("/id"), first.text("/id"), "a provider that takes a mail once would take one of both");
}

#[tokio::test]
async fn an_unclear_commit_is_504_with_the_id_and_the_repeat_tells() {
    let node = Node::new();
    node.store.does(Some(Fault::Unclear));
    let unclear = node.keyed("/outbox", "k", &mail()).await;
    assert_eq!((unclear.status, unclear.text("/delivery")), (StatusCode::GATEWAY_TIMEOUT, "unknown".into()));
    node.store.does(None);
    let repeat = node.keyed("/outbox", "k", &mail()).await;
    assert_eq!((repeat.status, repeat.text("/id")), (StatusCode::ACCEPTED, unclear.text("/id")));
    assert_eq!(repeat.header("idempotency-replayed"), Some("true".into()));
}

#[tokio::test]
async fn repeat_of_a_mail_that_has_expired_hears_so() {
    let node = Node::new();
    let first = node.keyed("/outbox", "k", &with("expires_at", &json!(in_days(1)))).await;
    node.store.put_all(State::Expired);
    let late = with("expires_at", &json!("2020-01-01T00:00:00Z"));
    let repeat = node.keyed("/outbox", "k", &late).await;
    assert_eq!((repeat.status, repeat.text("/id")), (StatusCode::ACCEPTED, first.text("/id")));
    assert_eq!((repeat.text("/status"), repeat.text("/delivery")), ("expired".into(), "none".into()));
    assert_eq!(node.keyed("/outbox", "other", &late).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn mail_that_no_upstream_may_send_is_refused_unless_it_is_the_repeat_of_one_that_was_accepted() {
    let node = Node::new();
    let accepted = node.keyed("/outbox", "k", &mail()).await;
    *node.store.refused_domain.lock().unwrap() = "example.org";
    let refused = node.keyed("/outbox", "other", &mail()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    let told = (refused.text("/type"), refused.text("/delivery"), refused.at("/retryable"));
    assert_eq!(told, ("urn:smsp:problem:sender-rejected".into(), "none".into(), json!(false)));
    assert_ne!(refused.text("/id"), accepted.text("/id"));
    let over = with("expires_at", &json!("2020-01-01T00:00:00Z"));
    assert_eq!(node.post("/outbox", &over).await.text("/type"), "urn:smsp:problem:invalid-message");
    let repeat = node.keyed("/outbox", "k", &mail()).await;
    assert_eq!((repeat.status, repeat.text("/id")), (StatusCode::ACCEPTED, accepted.text("/id")), "{repeat:?}");
    assert_eq!(node.store.rows.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_store_that_is_down_or_full_is_503_with_a_time_to_wait() {
    let node = Node::new();
    for fault in [
        Fault::Down,
        Fault::Full(Full::Rows),
        Fault::Full(Full::Bytes),
        Fault::Full(Full::CallersRows),
        Fault::Full(Full::CallersBytes),
        Fault::Full(Full::Disk),
    ] {
        node.store.does(Some(fault));
        let answer = node.post("/outbox", &mail()).await;
        assert_eq!((answer.status, answer.text("/delivery")), (StatusCode::SERVICE_UNAVAILABLE, "none".into()));
        assert_eq!(answer.at("/retryable"), json!(true));
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
    }
}

#[tokio::test]
async fn another_callers_mail_and_an_unknown_one_get_one_answer() {
    let shop = [("x-api-key", "shop-key"), ("content-type", "application/json")];
    let unknown = "01a21648-c217-7484-8bb9-6404cd0bad53";
    let body = json!({"send_at": in_days(1)}).to_string();
    for (method, query) in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("DELETE", "?erase=true")] {
        let node = Node::new();
        let id = node.post("/outbox", &mail()).await.text("/id");
        let mut answers = Vec::new();
        for id in [&id, unknown, "x", &id.to_uppercase()] {
            let answer = node.call(method, &format!("/outbox/{id}{query}"), &shop, &body).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {id}: {answer:?}");
            answers.push(answer.without_id());
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
        assert_eq!(node.get(&format!("/outbox/{id}")).await.text("/status"), "queued");
        assert_eq!(node.call("GET", "/outbox", &shop, "").await.at("/mails"), json!([]));
    }
}

#[tokio::test]
async fn mail_that_waits_is_rescheduled_and_other_mail_is_a_conflict() {
    let node = Node::new();
    let accepted = node.post("/outbox", &with("expires_at", &json!(in_days(5)))).await;
    let path = format!("/outbox/{}", accepted.text("/id"));
    let patch = async |body: serde_json::Value| node.call("PATCH", &path, &Node::KEY, &body.to_string()).await;
    let time = in_days(1);
    assert_eq!(patch(json!({"send_at": time})).await.text("/send_at"), time);
    for (body, field) in [
        (json!({"send_at": "soon"}), "send_at"),
        (json!({"send_at": in_days(6)}), "send_at"),
        (json!({}), "send_at"),
        (json!({"send_at": time, "expires_at": time}), "expires_at"),
        (json!([]), "body"),
    ] {
        let answer = patch(body).await;
        assert_eq!((answer.status, answer.at("/errors/0/field")), (StatusCode::UNPROCESSABLE_ENTITY, json!(field)));
    }
    for state in State::ALL.into_iter().filter(|state| *state != State::Queued) {
        node.store.put_all(state);
        let answer = patch(json!({"send_at": time})).await;
        assert_eq!((answer.status, answer.text("/outbox_status")), (StatusCode::CONFLICT, state.as_str().to_owned()));
        assert_eq!(answer.at("/delivery"), serde_json::to_value(Delivery::from(state)).unwrap());
    }
    node.store.put_all(State::Expired);
    node.store.rows.lock().unwrap()[0].status.ticket.possible_duplicate = true;
    for answer in [patch(json!({"send_at": time})).await, node.call("DELETE", &path, &Node::KEY, "").await] {
        let told = (answer.status, answer.text("/delivery"));
        assert_eq!(told, (StatusCode::CONFLICT, "unknown".to_owned()), "it may have been sent before it expired");
    }
}

#[tokio::test]
async fn mail_is_cancelled_until_it_is_under_way_and_erased_after_its_end() {
    for (state, cancels, erases) in [
        (State::Queued, true, true),
        (State::Claimed, true, true),
        (State::Parked, true, true),
        (State::Sending, false, false),
        (State::Unknown, false, true),
        (State::Accepted, false, true),
        (State::Expired, false, true),
    ] {
        for (query, works) in [("", cancels), ("?erase=false", cancels), ("?erase=true", erases)] {
            let node = Node::new();
            let path = format!("/outbox/{}", node.post("/outbox", &mail()).await.text("/id"));
            node.store.put_all(state);
            let answer = node.call("DELETE", &format!("{path}{query}"), &Node::KEY, "").await;
            let expected = if works { StatusCode::OK } else { StatusCode::CONFLICT };
            assert_eq!(answer.status, expected, "{state:?} {query}: {answer:?}");
            if query == "?erase=true" && works {
                assert!(answer.at("/recipients").is_null(), "{answer:?}");
            }
        }
    }
    let node = Node::new();
    let bad = node.call("DELETE", "/outbox/x?erase=yes", &Node::KEY, "").await;
    assert_eq!((bad.status, bad.at("/errors/0/field")), (StatusCode::BAD_REQUEST, json!("erase")));
}

#[tokio::test]
async fn the_list_has_pages_and_a_filter() {
    let node = Node::new();
    for _ in 0..5 {
        node.post("/outbox", &mail()).await;
    }
    let (mut seen, mut query) = (std::collections::BTreeSet::new(), "limit=2".to_owned());
    for (mails, is_last) in [(2, false), (2, false), (1, true)] {
        let page = node.get(&format!("/outbox?{query}")).await;
        let found = page.at("/mails").as_array().expect("a list").clone();
        assert_eq!((found.len(), page.at("/next").is_null()), (mails, is_last), "{page:?}");
        seen.extend(found.iter().map(|mail| mail["id"].to_string()));
        query = format!("limit=2&after={}", page.at("/next").as_str().unwrap_or_default());
    }
    assert_eq!(seen.len(), 5);
    assert_eq!(node.get("/outbox?status=sending").await.at("/mails"), json!([]));
    for (query, field) in [
        ("status=gone", "status"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("after=5", "after"),
        ("page=2", "page"),
    ] {
        let answer = node.get(&format!("/outbox?{query}")).await;
        assert_eq!((answer.status, answer.at("/errors/0/field")), (StatusCode::BAD_REQUEST, json!(field)), "{query}");
    }
}

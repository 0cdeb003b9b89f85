//! Lists of mail, and orders on all mail that a filter names.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::node::Node;
use crate::ingress::admin::outbox::cursor::{Purpose, of_walk};
use crate::runtime::unix_time::UnixTime;
use crate::service::outbox::CarriedOut;
use crate::service::outbox::fake::NOW;
use crate::state::outbox::{Order, Place, RowId, Selection, State, Walked};

#[tokio::test]
async fn mail_is_listed_and_counted_by_a_filter_without_whom_it_goes_to() {
    let node = Node::new().await;
    let list = node.call("GET", "/outbox/mails?status=queued&caller=caller&order=oldest&limit=1", "").await;
    let [mail] = &list.body["mails"].as_array().expect("a list")[..] else { panic!("{}", list.body) };
    assert_eq!((&mail["id"], &mail["status"], &mail["caller"]), (&json!(node.id), &json!("queued"), &json!("caller")));
    assert_eq!((&mail["upstreams"], &list.body["next"]), (&json!(["u0"]), &Value::Null));
    assert!(!list.body.to_string().contains('@'), "{}", list.body);
    for (path, count) in [
        ("/outbox/mails?status=parked", 0),
        ("/outbox/mails?caller=nobody", 0),
        ("/outbox/mails?possible_duplicate=true", 0),
        ("/outbox/mails?possible_duplicate=false&upstream=u0&accepted_from=2000-01-01T00:00:00%2B01:00", 1),
    ] {
        let body = node.call("GET", path, "").await.body;
        assert_eq!(body["mails"].as_array().map(Vec::len), Some(count), "{path}: {body}");
    }
    assert_eq!(node.call("GET", "/outbox/count?status=queued", "").await.body, json!({"count": 1, "next": null}));
}

#[tokio::test]
async fn an_order_on_many_says_what_has_become_of_the_mail_and_is_recorded_with_its_filter() {
    let node = Node::new().await;
    node.store.put_all(State::Unknown);
    let order = async |order: &str| {
        let body = format!(r#"{{"order": "{order}", "status": "unknown", "caller": "caller", "count": 1}}"#);
        node.call("POST", "/outbox/orders", &body).await.body
    };
    node.store.rows.lock().unwrap()[0].status.ticket.expires_at = NOW;
    let left_out = json!([{"reason": "expired", "count": 1}]);
    assert_eq!(order("retry").await, json!({"changed": [], "left_out": left_out, "next": null}));
    let settled = json!([{"status": "accepted", "count": 1}]);
    assert_eq!(order("settle_as_accepted").await, json!({"changed": settled, "left_out": [], "next": null}));
    let filter = "count=1 status=unknown caller=caller";
    assert_eq!(node.orders().await, [format!("settle_as_accepted {filter}"), format!("retry {filter}")]);
}

#[tokio::test]
async fn an_order_on_more_mail_than_it_names_is_refused_and_changes_nothing() {
    let node = Node::new().await;
    let answer = node.call("POST", "/outbox/orders", r#"{"order": "cancel", "status": "queued", "count": 0}"#).await;
    assert_eq!(
        (answer.status, &answer.body["type"]),
        (StatusCode::CONFLICT, &json!("urn:smsp:problem:outbox-conflict"))
    );
    assert!(answer.body["detail"].as_str().unwrap().starts_with("More than 0 mails fit by now"), "{}", answer.body);
    assert_eq!(node.call("GET", "/outbox/count?status=queued", "").await.body["count"], 1);
    assert_eq!(node.orders().await, [""; 0]);
}

#[tokio::test]
async fn one_mail_is_cancelled_by_an_operator() {
    let node = Node::new().await;
    assert_eq!(node.call("POST", "/outbox/{id}/cancel", "").await.body["status"], "cancelled");
    assert_eq!(node.call("POST", "/outbox/{id}/cancel", "").await.status, StatusCode::CONFLICT);
    assert_eq!(node.orders().await, [format!("cancel {}", node.id)]);
}

#[tokio::test]
async fn a_filter_that_is_wrong_is_refused_by_its_name() {
    let node = Node::new().await;
    for (call, body, field) in [
        ("GET /outbox/mails?status=canary", "", "status"),
        ("GET /outbox/mails?caller=2canary", "", "caller"),
        ("GET /outbox/mails?from_domain=canary@example.org", "", "from_domain"),
        ("GET /outbox/mails?upstream=canary,mg", "", "upstream"),
        ("GET /outbox/mails?accepted_from=canary", "", "accepted_from"),
        ("GET /outbox/mails?possible_duplicate=canary", "", "possible_duplicate"),
        ("GET /outbox/mails?order=canary", "", "order"),
        ("GET /outbox/mails?limit=0", "", "limit"),
        ("GET /outbox/mails?limit=101", "", "limit"),
        ("GET /outbox/mails?after=canary", "", "after"),
        ("GET /outbox/mails?recipient=canary@example.org", "", "recipient"),
        ("GET /outbox/count", "", "status"),
        ("GET /outbox/count?status=sending", "", "status"),
        ("GET /outbox/count?status=queued&limit=1", "", "limit"),
        ("GET /outbox/count?status=queued&after=canary", "", "after"),
        ("POST /outbox/orders", "{}", "order"),
        ("POST /outbox/orders", r#"{"order": "canary", "status": "parked", "count": 1}"#, "order"),
        ("POST /outbox/orders", r#"{"order": "retry", "status": "parked"}"#, "count"),
        ("POST /outbox/orders", r#"{"order": "retry", "status": "queued", "count": 1}"#, "status"),
        ("POST /outbox/orders", r#"{"order": "cancel", "status": "unknown", "count": 1}"#, "status"),
        ("POST /outbox/orders", r#"{"order": "settle_as_none", "status": "parked", "count": 1}"#, "status"),
        ("POST /outbox/orders", r#"{"order": "cancel", "status": "parked", "count": 1, "over": "1h"}"#, "over"),
        ("POST /outbox/orders", r#"{"order": "retry", "status": "parked", "count": 1, "over": "canary"}"#, "over"),
        ("POST /outbox/orders", r#"{"order": "retry", "status": "parked", "count": 1, "after": "canary"}"#, "after"),
        ("POST /outbox/orders", r#"{"order": "retry", "status": "parked", "count": 1, "caller": null}"#, "caller"),
        ("POST /outbox/orders", r#"{"order": "retry", "status": "parked", "count": 1, "all": true}"#, "all"),
    ] {
        let (method, path) = call.split_once(' ').unwrap();
        let answer = node.call(method, path, body).await;
        let named = &answer.body["errors"][0]["field"];
        let status = if method == "GET" { StatusCode::BAD_REQUEST } else { StatusCode::UNPROCESSABLE_ENTITY };
        assert_eq!((answer.status, named), (status, &json!(field)), "{call} {body}: {}", answer.body);
        assert!(!answer.body.to_string().contains("canary"), "{}", answer.body);
    }
    assert_eq!(node.orders().await, [""; 0]);
}

#[tokio::test]
async fn an_order_goes_on_with_all_as_it_was_and_has_met_no_more_than_it_names() {
    let node = Node::new().await;
    let queued = Selection { state: Some(State::Queued), ..Selection::default() };
    let place = Place { accepted_at: UnixTime(i64::MIN), row: RowId(i64::MIN) };
    let after = |met| {
        let carried_out = CarriedOut { walked: Walked { caller: "caller".into(), place }, met };
        of_walk(&carried_out, Purpose::order(Order::Cancel, &queued, 2))
    };
    for (count, filter, met, status) in [
        (3, "", 1, StatusCode::UNPROCESSABLE_ENTITY),
        (2, r#""caller": "caller", "#, 1, StatusCode::UNPROCESSABLE_ENTITY),
        (2, "", u64::MAX, StatusCode::UNPROCESSABLE_ENTITY),
        (2, "", 1, StatusCode::OK),
    ] {
        let after = after(met);
        let order =
            format!(r#"{{"order": "cancel", "status": "queued", {filter}"count": {count}, "after": "{after}"}}"#);
        assert_eq!(node.call("POST", "/outbox/orders", &order).await.status, status, "{order}");
    }
    assert_eq!(node.orders().await, ["cancel count=2 status=queued met=1"]);
}

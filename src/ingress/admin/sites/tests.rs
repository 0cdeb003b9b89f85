//! The sites for operators, with a store that keeps the orders.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::ingress::admin::AdminState;
use crate::ingress::admin::outbox::tests::golden::{refused, shown};
use crate::ingress::admin::outbox::tests::node::Node;
use crate::service::outbox::fake::Fault;

/// The site of the server that is there.
const SITE: &str = "/sites/mx.example.org";
/// The other one.
const SHUT: &str = "/sites/mx.example.net";

/// The keys and states of these sites.
fn states(answer: &Value) -> Vec<(&str, &str)> {
    let sites = answer["sites"].as_array().expect("a list");
    sites.iter().map(|site| (site["key"].as_str().unwrap(), site["state"].as_str().unwrap())).collect()
}

#[tokio::test(start_paused = true)]
async fn sites_are_listed_by_their_keys_in_pages_and_by_state() {
    let node = Node::new().await;
    let get = async |query: &str| node.call("GET", &format!("/sites{query}"), "").await.body;
    let all = get("").await;
    assert_eq!(
        (states(&all), &all["next"]),
        (vec![("mx.example.net", "shut"), ("mx.example.org", "open")], &Value::Null)
    );
    assert_eq!(
        (&all["sites"][0]["shut_for_ms"], &all["sites"][0]["last_answer"]),
        (&json!(60_000), &json!("no_connection"))
    );
    assert!(all["sites"][1]["oldest_ms"].is_u64() && all["sites"][1]["last_answer"] == "deferred", "{all}");
    node.store.oldest.lock().unwrap().insert("mx.example.net".to_owned(), crate::runtime::unix_time::UnixTime(0));
    let stored = get("").await;
    assert!(stored["sites"][0]["oldest_ms"].as_u64().is_some_and(|age| age > 1_700_000_000_000), "{stored}");
    let page = get("?limit=1").await;
    assert_eq!((states(&page), &page["next"]), (vec![("mx.example.net", "shut")], &json!("mx.example.net")));
    assert_eq!(states(&get("?limit=1&after=mx.example.net").await), [("mx.example.org", "open")]);
    assert_eq!(states(&get("?state=open").await), [("mx.example.org", "open")]);
    for (query, named) in [("state=closed", "state"), ("limit=0", "limit"), ("limit=1001", "limit"), ("key=x", "key")] {
        let answer = node.call("GET", &format!("/sites?{query}"), "").await;
        let errors = answer.body["errors"].to_string();
        assert!(answer.status == StatusCode::BAD_REQUEST && errors.contains(named), "{query}: {}", answer.body);
    }
}

#[tokio::test(start_paused = true)]
async fn orders_take_effect_and_are_recorded_with_the_key_of_their_site() {
    let node = Node::new().await;
    assert_eq!(node.call("PUT", SITE, r#"{"paused": true}"#).await.body["state"], "paused");
    assert_eq!(node.call("PUT", SITE, r#"{"paused": false}"#).await.body["state"], "open");
    let retried = node.call("PUT", SHUT, r#"{"retry": true}"#).await.body;
    assert_eq!((&retried["state"], &retried["shut_for_ms"]), (&json!("shut"), &json!(0)), "its next mail is its probe");
    assert_eq!(*node.store.opened.lock().unwrap(), ["mx.example.org", "mx.example.net"], "their mail comes by at once");
    let expected = ["retry_site mx.example.net", "go_on_site mx.example.org", "pause_site mx.example.org"];
    assert_eq!(node.orders().await, expected);
}

#[tokio::test(start_paused = true)]
async fn order_that_is_refused_or_not_on_record_changes_nothing() {
    let node = Node::new().await;
    for (path, body, status) in [
        ("/sites/mx.example.com", r#"{"paused": true}"#, StatusCode::NOT_FOUND),
        (SITE, r#"{"paused": true, "retry": true}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (SITE, r#"{"retry": false}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (SITE, r#"{"paused": null}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (SITE, "{}", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = node.call("PUT", path, body).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.body);
    }
    assert_eq!(node.orders().await, [""; 0]);
    for (fault, status) in
        [(Fault::Down, StatusCode::SERVICE_UNAVAILABLE), (Fault::Unclear, StatusCode::GATEWAY_TIMEOUT)]
    {
        node.store.does(Some(fault));
        let answer = node.call("PUT", SITE, r#"{"paused": true}"#).await;
        assert_eq!(answer.status, status);
        assert!(!answer.body.to_string().contains("may have"), "the site is as it was: {}", answer.body);
    }
    assert_eq!(states(&node.call("GET", "/sites?state=paused", "").await.body), []);
}

#[tokio::test]
async fn node_whose_mail_goes_to_no_servers_of_recipients_has_no_such_paths() {
    let node = Node::new().await;
    let node = Node { state: AdminState { sites: None, ..node.state.clone() }, ..node };
    for (method, path) in [("GET", "/sites"), ("PUT", SITE)] {
        assert_eq!(
            node.call(method, path, r#"{"paused": true}"#).await.status,
            StatusCode::NOT_FOUND,
            "{method} {path}"
        );
    }
    let document = node.call("GET", "/openapi.json", "").await.body;
    assert!(document["paths"].as_object().expect("paths").keys().all(|path| !path.starts_with("/sites")));
}

#[tokio::test(start_paused = true)]
async fn every_answer_about_sites_is_the_golden_one() {
    let (list, order, body) = ("GET /sites", "PUT /sites/{key}", r#"{"paused": true}"#);
    let node = Node::new().await;
    let far = [192, 0, 2, 1];
    let mut all = vec![
        shown(list, "Done", &node.call("GET", "/sites", "").await),
        shown(list, "A query parameter that is unknown", &node.call("GET", "/sites?all=true", "").await),
        shown(list, "Not from this machine", &node.call_from(far, "GET", "/sites", "").await),
        shown(order, "Done", &node.call("PUT", SITE, body).await),
        shown(order, "A query parameter", &node.call("PUT", &format!("{SITE}?all=true"), body).await),
        shown(order, "Not from this machine", &node.call_from(far, "PUT", SITE, body).await),
        shown(order, "No such site", &node.call("PUT", "/sites/mx.example.com", body).await),
        shown(order, "Another body", &node.call("PUT", SITE, r#"{"who": "me"}"#).await),
    ];
    for (fault, title) in [(Fault::Down, "The store is down"), (Fault::Unclear, "The store did not say what it did")] {
        node.store.does(Some(fault));
        all.push(shown(order, title, &node.call("PUT", SITE, body).await));
    }
    all.extend(refused(list, "").await);
    all.extend(refused(order, body).await);
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/admin-sites-answers.json");
    let actual = format!("{:#}\n", Value::from(all));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &actual).unwrap();
    }
    assert_eq!(actual, std::fs::read_to_string(&path).unwrap(), "UPDATE_GOLDEN=1 rewrites it");
}

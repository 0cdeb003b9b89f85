//! Which orders `GET /audit` shows: those of all nodes, or those of this one while the store does not answer.

use axum::http::Request;
use axum::http::header::HOST;
use http_body_util::BodyExt;
use serde_json::Value;
use uuid::Uuid;

use super::*;
use crate::delivery::circuit::Override;
use crate::ingress::admin::{fixture, service};
use crate::state::audit::{Actor, Entry, Origin};
use crate::state::overrides::Order;

const RESET: &str =
    r#"{"upstream":"u","before":{"state":"open","override":"auto"},"after":{"state":"closed","override":"auto"}}"#;

fn kept(number: i64, change: &str) -> Kept {
    let (node, who) = ("smsp-1".to_owned(), "ada".to_owned());
    let entry = Entry { id: Uuid::nil(), node, who, from: None, change: change.to_owned() };
    Kept { number, at: UnixTime(0), entry }
}

/// The answer of a node that has carried out one order itself.
async fn audit(kept: fixture::Kept, query: &str) -> (u16, Value) {
    let state = AdminState { kept_audit: Some(std::sync::Arc::new(kept)), ..fixture::state() };
    let order = Order::Override { to: Override::Open, ends_after: None };
    state.overrides.order("u", order, Origin { actor: Actor::Loopback, peer: None }).await.unwrap();
    let request = Request::get(format!("/audit{query}")).header(HOST, "localhost").body(axum::body::Body::empty());
    let answer = service(state).answer(request.unwrap(), ([127, 0, 0, 1], 1).into(), false).await;
    let (parts, body) = answer.into_parts();
    (parts.status.as_u16(), serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap())
}

#[tokio::test]
async fn the_orders_of_all_nodes_are_shown_page_by_page_and_what_a_later_version_has_written_is_left_out() {
    let all = || fixture::Kept(Some(vec![kept(1, RESET), kept(2, "{\"later\":1}"), kept(5, RESET)]));
    let (_, page) = audit(all(), "?limit=2").await;
    assert_eq!((&page["records_of"], page["records"].as_array().unwrap().len()), (&"all_nodes".into(), 1), "{page}");
    assert_eq!((&page["records"][0]["node"], &page["next"]), (&"smsp-1".into(), &"s2-0".into()), "{page}");
    let (_, last) = audit(all(), "?limit=2&after=s2-0").await;
    assert_eq!((last["records"].as_array().unwrap().len(), &last["next"]), (1, &Value::Null), "{last}");
}

#[tokio::test]
async fn while_the_store_is_down_this_node_shows_what_it_remembers_and_no_page_of_another_list() {
    let (_, page) = audit(fixture::Kept(None), "").await;
    assert_eq!((&page["records_of"], &page["records"][0]["who"]), (&"this_node".into(), &"loopback".into()), "{page}");
    assert_eq!(audit(fixture::Kept(None), "?after=s2-0").await.0, 503);
    let back = fixture::Kept(Some(vec![kept(1, RESET)]));
    let (_, page) = audit(back, "?after=n9-0").await;
    assert_eq!((&page["records_of"], &page["records"][0]["who"]), (&"this_node".into(), &"loopback".into()), "{page}");
}

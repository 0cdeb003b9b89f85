//! What a caller is told of a mail by its id, wherever that was sent.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::fixture::{Node, mail};
use crate::delivery::dispatch::fixture::Act;
use crate::ingress::api::delivery::Delivery;
use crate::model::message::key::IdempotencyKey;
use crate::model::outcome::Outcome;
use crate::service::outbox::fake::NOW;
use crate::state::answers::{CallNumber, NewCall, StoredAnswers};
use crate::state::outbox::{State, TriedAt};

#[tokio::test]
async fn another_callers_mail_one_that_does_not_exist_and_no_id_get_the_same_answer() {
    let node = Node::sending(&[Act::Say(Outcome::Accepted)]);
    let id = node.keyed("/email", "k", &mail()).await.text("/id");
    assert_eq!(node.get(&format!("/email/{id}")).await.text("/delivery"), "accepted");
    let nobody = node.get("/email/01a21648-c217-7484-8bb9-6404cd0bad53").await;
    assert_eq!((nobody.status, nobody.text("/delivery")), (StatusCode::NOT_FOUND, "unknown".to_owned()));
    let others = node.call("GET", &format!("/email/{id}"), &Node::SHOP, "").await;
    for other in [others, node.get("/email/x").await, node.get(&format!("/email/{}", id.to_uppercase())).await] {
        assert_eq!((other.status, other.without_id()), (nobody.status, nobody.without_id()));
    }
}

#[tokio::test]
async fn without_a_store_nothing_is_known_of_a_mail_and_there_is_no_path_for_it() {
    let node = Node::without_outbox();
    let (answer, nowhere) = (node.get("/email/x").await, node.get("/x").await);
    assert_eq!((answer.status, answer.without_id()), (StatusCode::NOT_FOUND, nowhere.without_id()));
    assert!(node.get("/openapi.json").await.at("/paths/~1email~1{id}").is_null());
    assert!(Node::new().get("/openapi.json").await.at("/paths/~1email~1{id}/get").is_object());
}

#[tokio::test]
async fn a_mail_in_flight_is_unknown_without_attempts() {
    let node = Node::new();
    let id = Uuid::from_u128(1);
    let (key, number, lease) = (IdempotencyKey::new("app", "k"), CallNumber(Uuid::nil()), Duration::from_secs(20));
    let call = NewCall { key, id: id.into(), caller: "app".into(), number, lease };
    node.answers.begin(call).await.expect("the store is there");
    for _ in 0..2 {
        let answer = node.get(&format!("/email/{id}")).await;
        assert_eq!(answer.body, json!({"id": id.to_string(), "delivery": "unknown", "attempts": []}));
        node.answers.set_on(20_000);
    }
}

#[tokio::test]
async fn a_mail_of_the_outbox_is_told_by_its_state() {
    let node = Node::new();
    let id = node.post("/outbox", &mail()).await.text("/id");
    let tried = |upstream: &str, outcome: Option<&str>| TriedAt {
        upstream: upstream.to_owned(),
        at: NOW,
        took_ms: outcome.map(|_| 7),
        outcome: outcome.map(str::to_owned),
        reason: outcome.map(|_| "http_200".to_owned()),
        code: None,
        provider_message_id: None,
        late: false,
    };
    for state in State::ALL {
        node.store.put_all(state);
        let attempts = [tried("sg", Some("unavailable")), tried("mg", Some("unknown")), tried("ses", Some("accepted"))];
        node.store.rows.lock().unwrap()[0].status.attempts = attempts.to_vec();
        let answer = node.get(&format!("/email/{id}")).await;
        let delivery = Delivery::from(state);
        let upstream = match delivery {
            Delivery::Accepted => json!("ses"),
            Delivery::Unknown => json!("mg"),
            Delivery::None | Delivery::Queued => json!(null),
        };
        assert_eq!(answer.at("/delivery"), serde_json::to_value(delivery).unwrap(), "{state:?}");
        assert_eq!((answer.at("/upstream"), answer.at("/id")), (upstream, json!(id)), "{state:?}");
        let first = json!({"provider": "sg", "outcome": "unavailable", "reason": "http_200", "duration_ms": 7});
        assert_eq!((answer.at("/attempts/0"), answer.at("/attempts/3")), (first, json!(null)));
    }
    node.store.put_all(State::Unknown);
    node.store.rows.lock().unwrap()[0].status.attempts = vec![tried("mg", None)];
    let answer = node.get(&format!("/email/{id}")).await;
    assert_eq!((answer.at("/upstream"), answer.at("/attempts")), (json!("mg"), json!([])), "its end is not known");
}

#[tokio::test]
async fn a_repeat_elsewhere_and_one_without_the_store_are_retryable_and_none() {
    let node = Node::new();
    node.answers.is_elsewhere.store(true, Ordering::Relaxed);
    let elsewhere = node.keyed("/email", "k", &mail()).await;
    assert_eq!((elsewhere.status, elsewhere.header("retry-after").as_deref()), (StatusCode::CONFLICT, Some("5")));
    node.answers.is_elsewhere.store(false, Ordering::Relaxed);
    *node.answers.fault.lock().unwrap() = Some(crate::state::answers::fake::Fault::Down);
    let down = node.keyed("/email", "k", &mail()).await;
    assert_eq!(down.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(down.header("retry-after").is_some());
    for answer in [elsewhere, down] {
        assert_eq!((answer.at("/delivery"), answer.at("/retryable")), (json!("none"), json!(true)), "{answer:?}");
    }
}

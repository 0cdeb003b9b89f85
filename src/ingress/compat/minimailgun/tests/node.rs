//! A node with this API alone, and calls of its clients.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::response::IntoResponse;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::super::routes::{PATHS, beside};
use crate::access::admission::{self, Admission};
use crate::access::callers::{CallerPolicy, Callers};
use crate::access::keys::KeyRing;
use crate::ingress::compat::CompatState;
use crate::ingress::server::body::Limits;
use crate::ingress::server::problem::Problem;
use crate::ingress::server::rules::Rules;
use crate::ingress::server::service::Service;
use crate::runtime::metrics::Metrics;
use crate::runtime::shutdown::Shutdown;
use crate::service::outbox::fake::{FakeStore, settings};

const MAX_BODY: usize = 100_000;

pub(super) struct Node {
    service: Service,
    pub(super) store: Arc<FakeStore>,
}

impl Node {
    pub(super) fn new() -> Self {
        let (store, metrics) = (Arc::<FakeStore>::default(), Arc::<Metrics>::default());
        let mut keys = KeyRing::default();
        keys.add("app", "app-key");
        keys.add("shop", "shop-key");
        let shop = CallerPolicy {
            rate: "3/h".parse().ok(),
            from_domains: "shop.example".parse().ok(),
            ..CallerPolicy::default()
        };
        let admission = admission::Settings { max_in_flight: 10, max_in_flight_bytes: 1_000_000 };
        let beside = beside(CompatState {
            outbox: store.service(settings()),
            callers: Arc::new(Callers::new(keys, HashMap::from([("shop".to_owned(), shop)]), CallerPolicy::default())),
            admission: Arc::new(Admission::new(admission, Arc::clone(&metrics))),
            shutdown: Shutdown::default(),
            body: Limits { bytes: MAX_BODY, time: Duration::from_secs(10) },
            recipients: 3,
        });
        let rules = Rules {
            max_body: MAX_BODY,
            larger_body: None,
            monitored: &[],
            sheds_over_capacity: true,
            fields: [beside.fields, &[]],
            write: |refusal| Problem::from(refusal).into_response(),
            other_form: Some(beside.form),
        };
        Self { service: Service::new(beside.router, PATHS, rules, metrics), store }
    }

    /// Status, body, and how long to wait.
    pub(super) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, Value, Option<u64>) {
        let request = headers
            .iter()
            .fold(Request::builder().method(method).uri(path), |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = self.service.answer(request, SocketAddr::from(([127, 0, 0, 1], 1)), false).await;
        assert_eq!(answer.headers()["content-type"], "application/json");
        let wait = answer.headers().get("retry-after").and_then(|wait| wait.to_str().ok()?.parse().ok());
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap(), wait)
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let (status, body, _) = self.call("POST", path, &JSON, &body.to_string()).await;
        (status, body)
    }

    /// The id of a mail that is queued now.
    pub(super) async fn queued(&self) -> String {
        let (status, answer) = self.post("/send", &mail()).await;
        assert_eq!((status, &answer["result"]), (200, &json!("queued")), "{answer}");
        answer["submission_id"].as_str().unwrap().to_owned()
    }

    /// What `app` is told of this mail.
    pub(super) async fn told(&self, id: &str) -> Value {
        let (status, answer) = self.post("/status", &json!({"client_id": "app-key", "submission_id": id})).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

pub(super) const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

pub(super) fn mail() -> Value {
    json!({"client_id": "app-key", "sender": "me@example.com", "recipients": ["alice@another.com", "bob@third.com"],
        "subject": "important message", "body": "hello!"})
}

/// That mail, with this member as it says; `None`: without it.
pub(super) fn but(name: &str, value: Option<Value>) -> Value {
    let mut mail = mail();
    match value {
        Some(value) => mail[name] = value,
        None => drop(mail.as_object_mut().unwrap().remove(name)),
    }
    mail
}

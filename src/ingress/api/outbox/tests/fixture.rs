//! A node whose outbox is a store of a test.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::access::admission::{self, Admission};
use crate::access::callers::{CallerPolicy, Callers};
use crate::access::keys::KeyRing;
use crate::delivery::dispatch::Dispatcher;
use crate::delivery::dispatch::fixture::{Act, Fixture};
use crate::delivery::provider::Capabilities;
use crate::delivery::routing::Strategy;
use crate::delivery::routing::rules::Rules;
use crate::ingress::api::{ApiState, MailLimits, Settings, service};
use crate::ingress::server::service::Service;
use crate::model::submission::Failover;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::trace::Tracer;
use crate::runtime::unix_time::UnixTime;
use crate::service::outbox::fake::{FakeStore, settings};
use crate::service::submit::Submit;
use crate::state::answers::fake::FakeAnswers;
use crate::state::answers::{Answers, Kept, StoredAnswers};
use crate::state::store::{StoreKeys, Up};

pub(super) struct Node {
    service: Service,
    dispatcher: Arc<Dispatcher>,
    pub(super) store: Arc<FakeStore>,
    /// What calls of `POST /email` came to.
    pub(super) answers: Arc<FakeAnswers>,
    pub(super) up: Up,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(super) body: Value,
}

impl Node {
    /// The headers of the caller `app`, who has no limits.
    pub(super) const KEY: [(&str, &str); 2] = [("x-api-key", "app-key"), ("content-type", "application/json")];
    /// Those of `shop`, who has a rate of five calls and sends for its own domain.
    pub(super) const SHOP: [(&str, &str); 2] = [("x-api-key", "shop-key"), ("content-type", "application/json")];

    pub(super) fn new() -> Self {
        Self::sending(&[])
    }

    /// One whose only upstream does this with mails.
    pub(super) fn sending(acts: &[Act]) -> Self {
        Self::over(Arc::default(), true, acts)
    }

    pub(super) fn without_outbox() -> Self {
        Self::over(Arc::default(), false, &[])
    }

    fn over(store: Arc<FakeStore>, has_outbox: bool, acts: &[Act]) -> Self {
        let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 100, &[(Capabilities::ANY, acts)]);
        let kept = Arc::new(FakeAnswers::default());
        let keys = Arc::new(StoreKeys::parse(&format!("test:{}", "0".repeat(64))).unwrap());
        let rows = Arc::clone(&kept) as Arc<dyn StoredAnswers>;
        let metrics = Arc::clone(&fixture.metrics);
        let up = Up::new(metrics.store.of("sqlite"), true);
        let in_store = has_outbox.then(|| Kept::new(rows, up.clone(), keys, Shutdown::default()));
        let answers = Answers::new(100, in_store, Arc::clone(&metrics));
        let mut keys = KeyRing::default();
        keys.add("app", "app-key");
        keys.add("shop", "shop-key");
        let shop = CallerPolicy {
            rate: "5/h".parse().ok(),
            from_domains: "shop.example".parse().ok(),
            ..CallerPolicy::default()
        };
        let limits = admission::Settings { max_in_flight: 10, max_in_flight_bytes: 1_000_000 };
        let settings_of_api = Settings {
            docs: true,
            providers: String::new(),
            max_body: 1_000_000,
            body_timeout: Duration::from_secs(10),
            mail: MailLimits::MAX,
        };
        let outbox = has_outbox.then(|| store.service(settings()));
        let state = ApiState {
            submit: Arc::new(Submit::new(
                Arc::clone(&fixture.dispatcher),
                answers,
                outbox.clone(),
                Arc::clone(&metrics),
            )),
            outbox,
            store: has_outbox.then(|| up.clone()),
            dispatcher: Arc::clone(&fixture.dispatcher),
            callers: Arc::new(Callers::new(keys, HashMap::from([("shop".to_owned(), shop)]), CallerPolicy::default())),
            admission: Arc::new(Admission::new(limits, Arc::clone(&metrics))),
            settings: Arc::new(settings_of_api),
            shutdown: Shutdown::default(),
            metrics,
            tracer: Tracer::default(),
        };
        Self { service: service(state, None), dispatcher: fixture.dispatcher, store, answers: kept, up }
    }

    /// From now on the route of each mail leads to `mx` alone.
    pub(super) fn delivers_directly(&self) {
        self.dispatcher.replace_rules(Rules::read("own: from=* -> mx", &[]).unwrap());
    }

    pub(super) async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = self.service.answer(request, SocketAddr::from(([127, 0, 0, 1], 1)), false).await;
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &Self::KEY, "").await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &Self::KEY, &body.to_string()).await
    }

    /// `POST /email` that asks for an answer without a wait.
    pub(super) async fn async_email(&self, key: &str) -> Answer {
        self.async_email_with(&[("idempotency-key", key)]).await
    }

    /// Without a key.
    pub(super) async fn async_email_once(&self) -> Answer {
        self.async_email_with(&[]).await
    }

    async fn async_email_with(&self, headers: &[(&str, &str)]) -> Answer {
        let headers = [&Self::KEY[..], &[("prefer", "respond-async")], headers].concat();
        self.call("POST", "/email", &headers, &mail().to_string()).await
    }

    pub(super) async fn keyed(&self, path: &str, key: &str, body: &Value) -> Answer {
        let headers = [&Self::KEY[..], &[("idempotency-key", key)]].concat();
        self.call("POST", path, &headers, &body.to_string()).await
    }
}

impl Answer {
    pub(super) fn at(&self, pointer: &str) -> Value {
        self.body.pointer(pointer).cloned().unwrap_or_default()
    }

    #[track_caller]
    pub(super) fn text(&self, pointer: &str) -> String {
        self.at(pointer).as_str().unwrap_or_else(|| panic!("no {pointer} in {self:?}")).to_owned()
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    /// The body but for the id of its request.
    pub(super) fn without_id(&self) -> Value {
        let mut body = self.body.clone();
        body["request_id"] = Value::Null;
        body
    }
}

pub(super) fn mail() -> Value {
    json!({"from": "a@example.org", "to": "b@example.org", "subject": "Note G", "text": "Hello."})
}

/// A mail with this field too.
pub(super) fn with(field: &str, value: &Value) -> Value {
    let mut mail = mail();
    mail[field] = value.clone();
    mail
}

/// So many days from now.
pub(super) fn in_days(days: u64) -> String {
    UnixTime::from(SystemTime::now()).after(Duration::from_secs(days * 24 * 3600)).to_string()
}

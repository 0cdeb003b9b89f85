//! A node with an outbox of one mail, on a store in memory, and calls to its admin listener.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;

use crate::delivery::dispatch::fixture::{mail, submission};
use crate::ingress::admin::{AdminState, fixture, service};
use crate::model::submission::SendOptions;
use crate::service::outbox::Later;
use crate::service::outbox::fake::{FakeStore, settings};
use crate::state::outbox::Lane;

pub(super) struct Node {
    pub(super) state: AdminState,
    pub(super) store: Arc<FakeStore>,
    /// The id of its one mail, to `b@example.org`.
    pub(super) id: String,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

/// The next page of the audit log, from a store that is down.
pub(super) async fn next_page_of_the_audit_log() -> Answer {
    let mut node = Node::new().await;
    node.state.kept_audit = Some(Arc::new(fixture::Kept(None)));
    node.call("GET", "/audit?after=s7-0", "").await
}

impl Node {
    pub(super) async fn new() -> Self {
        let store = Arc::new(FakeStore::default());
        let outbox = store.service(settings());
        let submission = submission(mail("a@example.org"), SendOptions::default());
        let id = submission.message.id().to_string();
        let later = Later { submission, lane: Lane::Normal, send_at: None, expires_at: None };
        let offer = outbox.offer("caller".into(), vec![later], (None, None), false).unwrap();
        outbox.accept(offer).await.unwrap();
        let kept_audit = Some(Arc::new(fixture::Kept(Some(Vec::new()))) as Arc<_>);
        Self { state: AdminState { outbox: Some(outbox), kept_audit, ..fixture::state() }, store, id }
    }

    pub(super) async fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        self.call_from([127, 0, 0, 1], method, path, body).await
    }

    pub(super) async fn call_from(&self, peer: [u8; 4], method: &str, path: &str, body: &str) -> Answer {
        self.call_with(peer, method, path, &[], Body::from(body.to_owned())).await
    }

    pub(super) async fn call_with(
        &self,
        peer: [u8; 4],
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let path = path.replace("{id}", &self.id);
        let request = Request::builder().method(method).uri(path).header(HOST, "localhost");
        let request = request.header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(body).unwrap();
        let answer = service(self.state.clone()).answer(request, SocketAddr::from((peer, 1)), false).await;
        let (parts, body) = answer.into_parts();
        let body = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap_or_default();
        Answer { status: parts.status, body }
    }

    pub(super) async fn orders(&self) -> Vec<String> {
        let audit = self.call("GET", "/audit", "").await.body;
        assert_eq!(audit["records_of"], "all_nodes", "{audit}");
        let records = audit["records"].as_array().expect("a list").clone();
        records.iter().map(|record| record["outbox"].as_str().unwrap().to_owned()).collect()
    }
}

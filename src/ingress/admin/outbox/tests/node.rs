//! A node with an outbox of one mail, on a store in memory, and calls to its admin listener.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::time::Instant;

use crate::delivery::dispatch::fixture::{mail, submission};
use crate::delivery::mx::sites::{self as mx, SiteKey, Sites};
use crate::ingress::admin::{AdminState, fixture, service};
use crate::model::submission::SendOptions;
use crate::runtime::unix_time::UnixTime;
use crate::service::outbox::Later;
use crate::service::outbox::fake::{FakeStore, settings};
use crate::state::outbox::Lane;

pub(in crate::ingress::admin) struct Node {
    pub(in crate::ingress::admin) state: AdminState,
    pub(in crate::ingress::admin) store: Arc<FakeStore>,
    /// The id of its one mail, to `b@example.org`.
    pub(in crate::ingress::admin) id: String,
}

pub(in crate::ingress::admin) struct Answer {
    pub(in crate::ingress::admin) status: StatusCode,
    pub(in crate::ingress::admin) body: Value,
}

/// The next page of the audit log, from a store that is down.
pub(in crate::ingress::admin) async fn next_page_of_the_audit_log() -> Answer {
    let mut node = Node::new().await;
    node.state.kept_audit = Some(Arc::new(fixture::Kept(None)));
    node.call("GET", "/audit?after=s7-0", "").await
}

/// A site of a server that takes mail, with a mail on its way there, and one without a server.
fn sites() -> Arc<Sites> {
    let (sites, now) = (Sites::new(20), Instant::now());
    let site = |name: &str| SiteKey::of(&[name.into()]);
    let admit = |name: &str| sites.admit(&site(name), UnixTime(0), now).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    admit("mx.example.org").end(mx::Answer::Accepted, true, now);
    admit("mx.example.org").end(mx::Answer::Deferred, false, now);
    for _ in 0..2 {
        admit("mx.example.net").end(mx::Answer::NoConnection, false, now);
    }
    sites
}

impl Node {
    pub(in crate::ingress::admin) async fn new() -> Self {
        let store = Arc::new(FakeStore::default());
        let outbox = store.service(settings());
        let submission = submission(mail("a@example.org"), SendOptions::default());
        let id = submission.message.id().to_string();
        let later = Later { submission, lane: Lane::Normal, send_at: None, expires_at: None };
        let offer = outbox.offer("caller".into(), vec![later], (None, None), false).unwrap();
        outbox.accept(offer).await.unwrap();
        let kept_audit = Some(Arc::new(fixture::Kept(Some(Vec::new()))) as Arc<_>);
        let state = AdminState { outbox: Some(outbox), sites: Some(sites()), kept_audit, ..fixture::state() };
        Self { state, store, id }
    }

    pub(in crate::ingress::admin) async fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        self.call_from([127, 0, 0, 1], method, path, body).await
    }

    pub(in crate::ingress::admin) async fn call_from(
        &self,
        peer: [u8; 4],
        method: &str,
        path: &str,
        body: &str,
    ) -> Answer {
        self.call_with(peer, method, path, &[], Body::from(body.to_owned())).await
    }

    pub(in crate::ingress::admin) async fn call_with(
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

    pub(in crate::ingress::admin) async fn orders(&self) -> Vec<String> {
        let audit = self.call("GET", "/audit", "").await.body;
        assert_eq!(audit["records_of"], "all_nodes", "{audit}");
        let records = audit["records"].as_array().expect("a list").clone();
        records.iter().map(|record| record["outbox"].as_str().unwrap().to_owned()).collect()
    }
}

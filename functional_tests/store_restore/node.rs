//! A node with an outbox, and what is asked of it.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::admin;
use crate::harness::outbox::{Store, becomes, queued};
use crate::harness::wait::{PATIENCE, eventually, when};
use crate::harness::{Answer, Proxy, Settings, StubProvider, mails};

/// In front of this provider, with its store in this directory.
pub(super) fn settings(provider: &StubProvider, directory: &Path) -> Settings {
    Store::sqlite(directory).under(Settings::server().mailgun(&provider.url()).patient_circuits())
}

/// A running one.
pub(super) struct Node {
    pub(super) proxy: Proxy,
}

impl Node {
    pub(super) async fn start(provider: &StubProvider, directory: &Path) -> Self {
        Self::start_with(settings(provider, directory)).await
    }

    pub(super) async fn start_with(settings: Settings) -> Self {
        Self { proxy: Proxy::start(settings).await }
    }

    /// In good order.
    pub(super) async fn stop(self) {
        self.proxy.terminate();
        let output = self.proxy.exit(PATIENCE).await;
        assert_eq!(output.code, Some(0), "{output:?}");
    }

    /// One mail for later: its id.
    pub(super) async fn accept(&self, subject: &str) -> String {
        queued(&self.proxy.client, &mails::with_subject(subject)).await
    }

    /// Many mails for later, each with its number as subject.
    pub(super) async fn accept_all(&self, numbers: std::ops::Range<usize>) {
        let all: Vec<Value> = numbers.map(|number| mails::with_subject(&number.to_string())).collect();
        for hundred in all.chunks(100) {
            let batch = json!({"messages": hundred}).to_string();
            let answer = self.proxy.client.post_to("/outbox/batch", batch, &[]).await.expect(202);
            let refused =
                answer.json["results"].as_array().expect("results").iter().filter(|one| one["mail"].is_null());
            assert_eq!(refused.count(), 0, "{answer}");
        }
    }

    pub(super) async fn outbox(&self) -> Answer {
        self.proxy.client.ops("/outbox").await.expect(200)
    }

    /// Waits until the node takes its store for an older copy, for a reason that begins so.
    pub(super) async fn says(&self, why: &str) {
        eventually("the store is taken for an older copy", async || {
            let (outbox, metrics) = (self.outbox().await, self.proxy.client.metrics().await);
            let is_why = outbox.at("/went_back").as_str().is_some_and(|said| said.starts_with(why));
            let is_metric = metrics.page.contains("smsp_outbox_went_back 1\n");
            when(is_why && is_metric, || format!("{outbox}\n{}", self.proxy.process.evidence()))
        })
        .await;
    }

    /// Waits until the mail has this status.
    pub(super) async fn becomes(&self, id: &str, status: &str) {
        becomes(&self.proxy.client, id, status).await;
    }

    pub(super) async fn order(&self, method: &str, path: &str, body: &str) -> Answer {
        let method = method.parse().expect("a method");
        let body: Value = serde_json::from_str(body).expect("JSON");
        admin::call(self.proxy.ops, method, path, &[], Some(&body)).await
    }

    /// All that is parked, at once. How much it was.
    pub(super) async fn release(&self) -> usize {
        let answer = self.order("POST", "/outbox/release", r#"{"caller": "caller", "over": "1ms"}"#).await.expect(200);
        assert_eq!(answer.json["more"], false, "{answer}");
        usize::try_from(answer.json["released"].as_u64().expect("a number")).expect("a small one")
    }

    /// The orders to the outbox so far, the newest first.
    pub(super) async fn orders(&self) -> Vec<String> {
        let audit = self.proxy.client.ops("/audit").await.expect(200);
        assert_eq!(audit.at("/records_of"), "all_nodes", "{audit}");
        let orders = audit.at("/records").as_array().cloned().unwrap_or_default();
        orders.iter().filter_map(|order| order["outbox"].as_str().map(str::to_owned)).collect()
    }
}

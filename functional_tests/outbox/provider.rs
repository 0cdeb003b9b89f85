//! A provider that takes mails, and writes down how often it has taken each, by the number in its subject.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use crate::harness::lock::lock;
use crate::harness::outbox::{Store, queued};
use crate::harness::stub_provider::Look;
use crate::harness::{Behaviour, Proxy, Reply, Request, Settings, StubProvider, mails};

/// The name of its upstream.
pub(super) const PROVIDER: &str = "sg";

type Taken = BTreeMap<usize, usize>;

/// A SendGrid.
pub(super) struct Provider {
    stub: StubProvider,
    taken: Arc<Mutex<Taken>>,
}

impl Provider {
    /// It takes every mail, so late.
    pub(super) fn taking_after(delay: Duration) -> Self {
        let taken = Arc::<Mutex<Taken>>::default();
        let written = taken.clone();
        let takes = move |request: &Request| {
            if !request.is_probe() {
                *lock(&written).entry(number(request)).or_default() += 1;
            }
            Behaviour::AnswerAfter(delay, Reply::sendgrid_accepts())
        };
        Self { stub: StubProvider::gated(|_| Look::Read, takes), taken }
    }

    /// A node in front of it alone, whose circuit stays as operators want it.
    pub(super) fn settings(&self) -> Settings {
        Settings::server().sendgrid(&self.stub.url()).patient_circuits()
    }

    /// How often it has taken each mail.
    pub(super) fn taken(&self) -> Taken {
        lock(&self.taken).clone()
    }

    /// How many mails it has taken.
    pub(super) fn count(&self) -> usize {
        lock(&self.taken).len()
    }
}

/// A node whose store is SQLite in a directory of its own, with mail 1, which waits because the circuit is open.
pub(super) struct Waiting {
    pub(super) directory: TempDir,
    pub(super) provider: Provider,
    pub(super) node: Proxy,
    /// The id of the mail.
    pub(super) id: String,
}

impl Waiting {
    pub(super) async fn on_sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let provider = Provider::taking_after(Duration::ZERO);
        let node = Proxy::start(Store::sqlite(directory.path()).under(provider.settings())).await;
        node.client.order("sg", &serde_json::json!({"override": "open"})).await.expect(200);
        let id = queued(&node.client, &mails::with_subject("1")).await;
        Self { directory, provider, node, id }
    }

    /// The circuit is closed: from now on the mail may be sent.
    pub(super) async fn may_be_sent(&self) {
        self.node.client.order("sg", &serde_json::json!({"override": "closed"})).await.expect(200);
    }
}

fn number(mail: &Request) -> usize {
    let number = mail.json()["subject"].as_str().and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("no number in {mail}"))
}

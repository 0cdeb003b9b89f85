//! The nodes that Prometheus watches: each has a fault that an operator would want to know of, and behaves otherwise.

use std::path::Path;

use tempfile::TempDir;

use crate::harness::outbox::Store;
use crate::harness::{Proxy, Settings, StubProvider};

/// A node between two providers, of which it prefers `mg`.
pub(super) struct Node {
    pub(super) proxy: Proxy,
    pub(super) mg: StubProvider,
    pub(super) sg: StubProvider,
    pub(super) directory: TempDir,
}

impl Node {
    /// One failure opens a circuit, which is probed many times a second, and one probe closes it.
    pub(super) async fn eager(change: impl FnOnce(Settings, &Path) -> Settings) -> Self {
        Self::with(|settings, directory| {
            let settings = settings.one_failure_opens().eager_probes().one_probe_closes();
            change(settings.with("SMSP_ACCOUNT_HOLD", "200ms"), directory)
        })
        .await
    }

    /// No failure opens a circuit.
    pub(super) async fn patient(change: impl FnOnce(Settings, &Path) -> Settings) -> Self {
        Self::with(|settings, directory| change(settings.patient_circuits(), directory)).await
    }

    async fn with(change: impl FnOnce(Settings, &Path) -> Settings) -> Self {
        let (mg, sg) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let settings = Settings::mailgun_then_sendgrid(&mg.url(), &sg.url());
        let proxy = Proxy::start(change(settings, directory.path())).await;
        Self { proxy, mg, sg, directory }
    }
}

/// These settings, with an outbox in this directory.
pub(super) fn with_outbox(settings: Settings, directory: &Path) -> Settings {
    Store::sqlite(directory).under(settings)
}

//! A proxy over two accounts, `a` before `b`, each at a stub of its own.

use super::{Proxy, Settings, StubProvider};

/// The proxy and its providers.
pub(crate) struct TwoAccounts {
    pub(crate) proxy: Proxy,
    /// The provider of `a`.
    pub(crate) first: StubProvider,
    /// The provider of `b`.
    pub(crate) second: StubProvider,
}

impl TwoAccounts {
    /// With circuits that one failure opens, and these settings.
    pub(crate) async fn one_failure_opens(settings: &[(&str, &str)]) -> Self {
        Self::start(Settings::one_failure_opens, settings).await
    }

    /// With circuits that stay closed, and these settings.
    pub(crate) async fn patient(settings: &[(&str, &str)]) -> Self {
        Self::start(Settings::patient_circuits, settings).await
    }

    async fn start(circuits: impl FnOnce(Settings) -> Settings, settings: &[(&str, &str)]) -> Self {
        let (first, second) = (StubProvider::sendgrid().await, StubProvider::sendgrid().await);
        let base = circuits(Settings::accounts(&[("a", &first.url()), ("b", &second.url())]));
        let proxy = Proxy::start(settings.iter().fold(base, |all, (name, value)| all.with(name, value))).await;
        Self { proxy, first, second }
    }

    /// How many mails each provider has got.
    pub(crate) fn mails(&self) -> (usize, usize) {
        (self.first.mails().len(), self.second.mails().len())
    }
}

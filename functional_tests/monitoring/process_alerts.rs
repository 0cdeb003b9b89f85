//! Alerts about the process: lines of its log that nobody takes, a supervisor that is silent, and that it is gone.

use std::net::SocketAddr;

use super::watch::Watch;
use crate::harness::stalling_reader::Reading;
use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, mails};
use crate::stalled_log::{self, MAILS};

/// The nodes.
pub(super) struct ProcessNodes {
    log: Proxy,
    gone: Proxy,
    /// Its provider answers no probe. The limit of the rule is a minute, which is not shortened.
    silent: Option<(Proxy, StubProvider)>,
}

impl ProcessNodes {
    pub(super) async fn start(with_silent: bool) -> Self {
        let (log, gone) = (Proxy::start(stalled_log::settings()).await, Proxy::start(Settings::mock()).await);
        let silent = if with_silent { Some(silent().await) } else { None };
        Self { log, gone, silent }
    }

    pub(super) fn jobs(&self) -> Vec<(&'static str, SocketAddr)> {
        let silent = self.silent.iter().map(|(proxy, _)| ("silent", proxy.ops));
        [("log", self.log.ops), ("gone", self.gone.ops)].into_iter().chain(silent).collect()
    }

    pub(super) async fn lines_are_dropped(&self, watch: Watch<'_>) {
        self.log.process.read_stdout(Reading::Stopped);
        stalled_log::send(&self.log.client, MAILS).await;
        watch.fires("SmspLogLinesDropped", ("job", "log"), "ticket", async || {}).await;
        self.log.process.read_stdout(Reading::On);
        watch.ends("SmspLogLinesDropped", async || {}).await;
    }

    /// Nobody could see its end here: a node that is started again has another port.
    pub(super) async fn a_node_is_gone(&self, watch: Watch<'_>) {
        self.gone.terminate();
        watch.fires("SmspNotScraped", ("job", "gone"), "page", async || {}).await;
    }

    pub(super) async fn a_supervisor_is_silent(&self, watch: Watch<'_>) {
        let Some((proxy, provider)) = &self.silent else { return };
        proxy.client.send(&mails::plain()).await;
        watch.fires("SmspSupervisorSilent", ("upstream", "sg"), "ticket", async || {}).await;
        provider.does(Reply::sendgrid_accepts().into());
        watch.ends("SmspSupervisorSilent", async || {}).await;
    }
}

async fn silent() -> (Proxy, StubProvider) {
    let provider = StubProvider::sendgrid().await;
    provider.does(Behaviour::Stall);
    let settings = Settings::server().sendgrid(&provider.url()).one_failure_opens().eager_probes().one_probe_closes();
    (Proxy::start(settings.with("SMSP_ATTEMPT_TIMEOUT", "80s")).await, provider)
}

//! A running proxy: the built binary on loopback, with the addresses that it logged itself.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use super::client::Client;
use super::process::{Output, Process};
use super::settings::{API_KEY, Settings};
use super::stub_provider::StubProvider;
use super::wait::{eventually, when};

/// A running proxy, with a client that holds its key.
pub(crate) struct Proxy {
    pub(crate) process: Process,
    pub(crate) api: SocketAddr,
    pub(crate) ops: SocketAddr,
    pub(crate) client: Client,
}

impl Proxy {
    /// Starts the binary and waits until both listeners are open.
    pub(crate) async fn start(settings: Settings) -> Self {
        Self::of(Process::smsp(&["serve"], &settings), &settings).await
    }

    /// The proxy that `process` runs with these settings.
    pub(crate) async fn of(mut process: Process, settings: &Settings) -> Self {
        let api = listening(&mut process, "api").await;
        let ops = listening(&mut process, "admin").await;
        let key = settings.get("SMSP_API_KEY").unwrap_or(API_KEY);
        let client = Client::new(&format!("http://{api}"), key).with_ops(&format!("http://{ops}"));
        Self { process, api, ops, client }
    }

    /// In front of Mailgun alone; one failure opens its circuit.
    pub(crate) async fn before(mailgun: &StubProvider) -> Self {
        Self::start(Settings::server().mailgun(&mailgun.url()).one_failure_opens()).await
    }

    /// Mailgun first, SendGrid second; one failure opens a circuit.
    pub(crate) async fn before_both(mailgun: &StubProvider, sendgrid: &StubProvider) -> Self {
        let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url());
        Self::start(settings.one_failure_opens()).await
    }

    /// What an orchestrator does first when a node has to go.
    pub(crate) fn terminate(&self) {
        self.process.signal("TERM");
    }

    /// Returns once the API listener takes no more connections: the signal has been seen.
    pub(crate) async fn stopped_accepting(&self) {
        eventually("the API listener is closed", async || {
            let open = tokio::net::TcpStream::connect(self.api).await.is_ok();
            when(!open, || self.process.evidence())
        })
        .await;
    }

    /// Waits for the end and returns what it left.
    pub(crate) async fn exit(self, within: Duration) -> Output {
        self.process.output(within).await
    }

    /// Its log, every line one JSON object.
    pub(crate) fn logs(&self) -> Vec<Value> {
        let parse = |line: &String| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in log line {line}"));
        self.process.stdout().iter().map(parse).collect()
    }
}

async fn listening(process: &mut Process, name: &str) -> SocketAddr {
    eventually(&format!("the proxy logs that its {name} listener is open"), async || {
        assert!(process.ended().is_none(), "ended before it listened\n{}", process.evidence());
        let lines = process.stdout();
        let events = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut opened = events.filter(|event| event["message"] == "listening" && event["listener"] == name);
        let address = opened.next().and_then(|event| event["address"].as_str()?.parse().ok());
        address.ok_or_else(|| process.evidence())
    })
    .await
}

//! The proxy and the three providers of one run.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};

use super::fault::Kind;
use super::names::NAMES;
use super::outages::outages;
use super::provider::{self, Script, Seen};
use super::record::{Account, Cut};
use super::scenario::{Circuits, Port, Scenario};
use crate::harness::lock::lock;
use crate::harness::wait::when;
use crate::harness::{BlackHole, Gate, Proxy, RefusingPort, Settings, StubProvider, eventually};

/// How long a flapping port is up, and how long it is down.
const HALF_FLAP: Duration = Duration::from_millis(30);

/// Windows, waits and ramps so short that many outages fit into one run.
const SHORT: [(&str, &str); 9] = [
    ("SMSP_ATTEMPT_TIMEOUT", "300ms"),
    ("SMSP_PROBE_TIMEOUT", "10s"),
    ("SMSP_CIRCUIT_WINDOW", "1s"),
    ("SMSP_CIRCUIT_MIN_CALLS", "10"),
    ("SMSP_CIRCUIT_PROBES_TO_CLOSE", "2"),
    ("SMSP_CIRCUIT_RAMP", "300ms"),
    ("SMSP_POLL_INTERVAL", "50ms"),
    ("SMSP_POLL_INTERVAL_MAX", "100ms"),
    ("SMSP_ACCOUNT_HOLD", "100ms"),
];

/// All of it.
pub(crate) struct Environment {
    pub(crate) proxy: Proxy,
    pub(super) providers: [(Arc<StubProvider>, Seen); 3],
    settings: Settings,
    flapping: Option<JoinHandle<Vec<Cut>>>,
    _refusing: RefusingPort,
    _swallowing: Option<BlackHole>,
}

impl Environment {
    /// Everything is up; every answer waits for the gate, if there is one.
    pub(crate) async fn start(scenario: &Scenario, gate: Option<&Gate>) -> Self {
        let providers = std::array::from_fn(|number| {
            let (name, kind) = (NAMES[number], scenario.kinds[number]);
            let faults = if number < scenario.faulty { scenario.faults.clone() } else { Vec::new() };
            let Scenario { acceptance, recipients, rng, .. } = *scenario;
            let script = Script { name, kind, faults, acceptance, recipients, rng, gate: gate.cloned() };
            let (stub, seen) = provider::start(script);
            (Arc::new(stub), seen)
        });
        let (refusing, mut swallowing) = (RefusingPort::reserve(), None);
        let first = match scenario.port {
            Port::Open | Port::Flapping => providers[0].0.url(),
            Port::Refusing => refusing.url(),
            Port::Swallowing => swallowing.insert(BlackHole::open().await).url(),
        };
        let urls = [first, providers[1].0.url(), providers[2].0.url()];
        let all = SHORT.iter().chain(&scenario.own);
        let mut settings = all.fold(Settings::server(), |all, (name, value)| all.with(name, value));
        settings = settings.with("SMSP_FAILOVER", scenario.failover.word());
        settings = settings.with("SMSP_REQUEST_DEADLINE", &format!("{}ms", scenario.deadline.as_millis()));
        for ((name, kind), url) in NAMES.iter().zip(scenario.kinds).zip(urls) {
            settings = account(settings, name, kind, &url);
        }
        let all: Vec<_> =
            NAMES.iter().zip(scenario.kinds).map(|(name, kind)| format!("{name}={}", kind.word())).collect();
        settings = settings.with("SMSP_PROVIDERS", &all.join(","));
        settings = scenario.routing.iter().fold(settings, |settings, routing| routing.settings(settings));
        settings = scenario.outbox.iter().fold(settings, |settings, store| store.under(settings));
        let proxy = Proxy::start(settings.clone()).await;
        if scenario.circuits == Circuits::Held {
            hold(&proxy).await;
        }
        Self { proxy, providers, settings, flapping: None, _refusing: refusing, _swallowing: swallowing }
    }

    /// The node is killed.
    pub(crate) async fn dies(&mut self) {
        kill(&mut self.proxy).await;
    }

    /// Another node takes the place of the one that was killed, with its store.
    pub(crate) async fn starts_again(&mut self, scenario: &Scenario) {
        self.proxy = self.another_node(scenario).await;
    }

    /// One more node, before the same providers and with the same store.
    pub(crate) async fn another_node(&self, scenario: &Scenario) -> Proxy {
        let proxy = Proxy::start(self.settings.clone()).await;
        if scenario.circuits == Circuits::Held {
            hold(&proxy).await;
        }
        proxy
    }

    /// How often any provider has met a mail.
    pub(crate) fn arrivals(&self) -> usize {
        self.providers.iter().map(|(_, seen)| seen.all().len()).sum()
    }

    /// The first provider comes and goes from now on.
    pub(crate) fn flaps(&mut self, stop: Gate) {
        self.flapping = Some(tokio::spawn(flap(self.providers[0].0.clone(), stop)));
    }

    /// What it came to.
    pub(crate) async fn cuts(&mut self) -> Vec<Cut> {
        match self.flapping.take() {
            Some(flapping) => flapping.await.expect("flapping does not panic"),
            None => Vec::new(),
        }
    }

    /// A circuit that is forced closed is open to every mail, whatever its log tells.
    pub(crate) fn accounts(&self, scenario: &Scenario) -> Vec<Account> {
        let log = if scenario.circuits == Circuits::Free { self.proxy.logs() } else { Vec::new() };
        let account = |(number, (stub, seen)): (usize, &(Arc<StubProvider>, Seen))| Account {
            name: NAMES[number],
            idempotent: scenario.kinds[number].is_idempotent(),
            rate: scenario.routing.as_ref().and_then(|routing| routing.rate(number)),
            arrivals: seen.all(),
            probes: lock(&seen.probes).clone(),
            most_probes_in_flight: stub.most_probes_in_flight(),
            outages: outages(&log, NAMES[number]),
        };
        self.providers.iter().enumerate().map(account).collect()
    }
}

/// Kills a node, and waits until it is dead.
pub(crate) async fn kill(proxy: &mut Proxy) {
    proxy.process.signal("KILL");
    let process = &mut proxy.process;
    eventually("the node is dead", async || when(process.ended().is_some(), || "it lives".to_owned())).await;
}

/// Every circuit is forced closed.
async fn hold(proxy: &Proxy) {
    for name in NAMES {
        proxy.client.order(name, &json!({"override": "closed"})).await.expect(200);
    }
}

/// What the proxy has to know of a provider.
fn account(settings: Settings, name: &str, kind: Kind, url: &str) -> Settings {
    let prefix = format!("SMSP_{}", name.to_uppercase());
    let settings = settings.with(&format!("{prefix}_BASE_URL"), url);
    if kind == Kind::Ses {
        return settings
            .with(&format!("{prefix}_REGION"), "eu-west-1")
            .with(&format!("{prefix}_ACCESS_KEY_ID"), "AKIDEXAMPLE")
            .with(&format!("{prefix}_SECRET_ACCESS_KEY"), "secret");
    }
    let settings = settings.with(&format!("{prefix}_API_KEY"), "key");
    match kind {
        Kind::Mailgun => settings.with(&format!("{prefix}_DOMAIN"), "mg.example.com"),
        Kind::Mailjet => settings.with(&format!("{prefix}_API_SECRET"), "secret"),
        _ => settings,
    }
}

/// Until it is told to stop; up in the end.
async fn flap(provider: Arc<StubProvider>, stop: Gate) -> Vec<Cut> {
    let (mut ticks, mut cuts) = (interval(HALF_FLAP), Vec::new());
    ticks.tick().await;
    while timeout(HALF_FLAP, stop.passed()).await.is_err() {
        let order = SystemTime::now();
        provider.goes_down().await;
        cuts.push([order, SystemTime::now()]);
        ticks.tick().await;
        provider.comes_up();
    }
    cuts
}

//! Three providers behind one proxy, a load, and the ledger of both.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use tokio::time::interval;

use super::load;
use crate::harness::stub_provider::Request;
use crate::harness::{Proxy, Settings, StubProvider, eventually};
use crate::ledger::lag::Meter;
use crate::ledger::outages::outages;
use crate::ledger::record::{Account, Arrival, Cut, Ledger, Sent};

/// How long a flapping provider is up, and how long it is down.
const HALF_FLAP: Duration = Duration::from_millis(300);
/// The built-in one.
const DEADLINE: Duration = Duration::from_secs(15);
/// In the operator's order.
const NAMES: [&str; 3] = ["a", "b", "c"];

/// Windows, waits and ramps so short that a whole outage fits into a few seconds.
const SHORT: [(&str, &str); 8] = [
    ("SMSP_CIRCUIT_WINDOW", "1s"),
    ("SMSP_CIRCUIT_MIN_CALLS", "10"),
    ("SMSP_CIRCUIT_RAMP", "1s"),
    ("SMSP_POLL_INTERVAL", "200ms"),
    ("SMSP_POLL_INTERVAL_MAX", "400ms"),
    ("SMSP_ATTEMPT_TIMEOUT", "1s"),
    ("SMSP_CONNECT_TIMEOUT", "500ms"),
    ("SMSP_PROVIDERS", "a=sendgrid,b=sendgrid,c=sendgrid"),
];

/// The scene of one fault.
pub(crate) struct Fixture {
    pub(crate) proxy: Proxy,
    pub(crate) providers: [StubProvider; 3],
    sent: Vec<Sent>,
    cuts: Vec<Cut>,
    meter: Meter,
}

impl Fixture {
    pub(crate) async fn new(own: &[(&str, &str)]) -> Self {
        let providers =
            [StubProvider::sendgrid().await, StubProvider::sendgrid().await, StubProvider::sendgrid().await];
        let mut settings = SHORT.iter().chain(own).fold(Settings::server(), |all, (name, value)| all.with(name, value));
        for (name, provider) in NAMES.iter().zip(&providers) {
            let prefix = format!("SMSP_{}", name.to_uppercase());
            settings = settings.with(&format!("{prefix}_API_KEY"), "SG.key");
            settings = settings.with(&format!("{prefix}_BASE_URL"), &provider.url());
        }
        Self {
            proxy: Proxy::start(settings).await,
            providers,
            sent: Vec::new(),
            cuts: Vec::new(),
            meter: Meter::start(),
        }
    }

    /// The provider that mail goes to first.
    pub(crate) fn first(&self) -> &StubProvider {
        &self.providers[0]
    }

    /// A hundred mails a second for so many milliseconds; returns those mails.
    pub(crate) async fn load(&mut self, millis: u64) -> &[Sent] {
        let before = self.sent.len();
        self.sent.extend(load::steady(&self.proxy.client, before, Duration::from_millis(millis)).await);
        &self.sent[before..]
    }

    pub(crate) async fn goes_down(&mut self, provider: usize) {
        self.cuts.push(go_down(&self.providers[provider]).await);
    }

    /// Goes down and comes up so many times, 300 ms each, under the load.
    pub(crate) async fn flaps(&mut self, provider: usize, times: u32) {
        let (before, client) = (self.sent.len(), self.proxy.client.clone());
        let load = load::steady(&client, before, HALF_FLAP * 2 * times);
        let (sent, cuts) = tokio::join!(load, flap(&self.providers[provider], times));
        self.sent.extend(sent);
        self.cuts.extend(cuts);
    }

    /// Waits until these circuits are closed and take all mail, and sees that the first one does.
    pub(crate) async fn heals(&mut self, upstreams: &[&str]) {
        for name in upstreams {
            eventually(&format!("the circuit of {name} closes and takes all mail"), async || {
                let circuit = self.proxy.client.circuit(name).await;
                if circuit["ramp"] == 1.0 { Ok(()) } else { Err(circuit.to_string()) }
            })
            .await;
        }
        for sent in self.load(200).await {
            assert_eq!(
                (sent.answer.status, sent.answer.attempts()),
                (200, vec!["a:accepted".to_owned()]),
                "{}",
                sent.answer
            );
        }
    }

    /// What became of everything, with one provider up all the time or not.
    pub(crate) async fn ledger(self, one_was_up: bool) -> Ledger {
        let log = self.proxy.logs();
        let accounts = NAMES.iter().zip(&self.providers).map(|(name, provider)| Account {
            name,
            idempotent: false,
            rate: None,
            arrivals: provider.mails().iter().map(arrival).collect(),
            probes: provider.probes().iter().map(|probe| probe.at).collect(),
            most_probes_in_flight: provider.most_probes_in_flight(),
            outages: outages(&log, name),
        });
        let accounts: Vec<_> = accounts.collect();
        assert!(accounts.iter().any(|account| !account.outages.is_empty()), "no circuit opened: nothing was tested");
        Ledger {
            sent: self.sent,
            repeats: Vec::new(),
            reused: Vec::new(),
            cut_off: Vec::new(),
            rates: BTreeMap::new(),
            hung_up: Vec::new(),
            unfinished: 0,
            unanswered: Vec::new(),
            accounts,
            cuts: self.cuts,
            ways: BTreeMap::new(),
            one_was_up,
            refuses_mails_alone: false,
            states: Vec::new(),
            deadline: DEADLINE,
            lags: self.meter.lags(),
            metrics: self.proxy.client.metrics().await,
        }
    }
}

async fn flap(provider: &StubProvider, times: u32) -> Vec<Cut> {
    let (mut ticks, mut cuts) = (interval(HALF_FLAP), Vec::new());
    ticks.tick().await;
    for _ in 0..times {
        ticks.tick().await;
        cuts.push(go_down(provider).await);
        ticks.tick().await;
        provider.comes_up();
    }
    cuts
}

/// Returns when the order was given and when it had taken effect.
async fn go_down(provider: &StubProvider) -> Cut {
    let order = SystemTime::now();
    provider.goes_down().await;
    [order, SystemTime::now()]
}

/// A server's error says nothing about the mail: here none is kept.
fn arrival(mail: &Request) -> Arrival {
    let number = mail.json()["subject"].as_str().and_then(|number| number.parse().ok()).expect("a number");
    let outcomes = match mail.taken {
        Some(true) => &["accepted"][..],
        Some(false) => &["throttled"],
        None => &["unknown"],
    };
    Arrival { number, at: mail.at, accepted: mail.taken == Some(true), outcomes, fates: None }
}

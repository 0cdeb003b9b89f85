//! The hosts of a URL and their addresses: none of them may use up the time of those behind it.
//!
//! The driver asks one address after another and waits for each without end, so a first host that is silent would keep it
//! from the second. Here each host, and each of its addresses, has an equal share of the time that is left: its name, TLS,
//! the login and the look whether it can be written included. One that used its share up is asked behind the others for a
//! while, so that those get through too who wait less long than a share.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::config::{Host, LoadBalanceHosts};
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::login::log_in;

/// That of PostgreSQL.
pub(super) const PORT: u16 = 5432;
/// How long one that was silent is asked behind the others.
const LAST_FOR: Duration = Duration::from_secs(60);
/// Silent ones that are remembered.
const REMEMBERED: usize = 64;

/// The hosts of a URL, and how to log in there. Clones know of the same silent ones.
#[derive(Clone)]
pub(super) struct Hosts {
    /// Without a host.
    login: Config,
    all: Vec<Target>,
    silent: Arc<Mutex<Vec<(Target, Instant)>>>,
}

/// Where a connection leads.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    host: Host,
    /// None: any that the host has.
    address: Option<IpAddr>,
    port: u16,
}

impl Hosts {
    /// Those of a configuration; none if it does not say which port and address belong to which host.
    pub(super) fn of(config: &Config) -> Option<Self> {
        let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
        let fit = |count: usize| count == hosts.len();
        if !(addresses.is_empty() || fit(addresses.len())) || !(ports.len() <= 1 || fit(ports.len())) {
            return None;
        }
        let target = |(place, host): (usize, &Host)| Target {
            host: host.clone(),
            address: addresses.get(place).copied(),
            port: *ports.get(place).or(ports.first()).unwrap_or(&PORT),
        };
        let all = hosts.iter().enumerate().map(target).collect();
        Some(Self { login: without_host(config), all, silent: Arc::default() })
    }

    /// Connects to the first that lets in, within this time.
    pub(super) async fn connect(
        &self,
        within: Duration,
        tls: Option<&MakeRustlsConnect>,
    ) -> Result<Client, NoConnection> {
        let (end, mut attempts) = (Instant::now() + within, NoConnection::default());
        let hosts = self.in_turn(self.all.clone());
        for (left, host) in (1..=hosts.len()).rev().zip(&hosts) {
            let end = share(end, left);
            let Ok(addresses) = timeout_at(end, host.addresses()).await else {
                self.note_silence(host, &mut attempts);
                continue;
            };
            let addresses = self.in_turn(addresses);
            for (left, address) in (1..=addresses.len()).rev().zip(&addresses) {
                match timeout_at(share(end, left), log_in(&address.config(&self.login), tls)).await {
                    Ok(Ok(client)) => {
                        self.note_answer(&[host, address]);
                        return Ok(client);
                    }
                    Ok(Err(error)) => attempts.error = Some(error),
                    Err(_) => [host, address].iter().for_each(|target| self.note_silence(target, &mut attempts)),
                }
            }
        }
        Err(attempts)
    }

    /// In the order of the URL, or in that which it asks for; the silent ones behind the others.
    fn in_turn(&self, mut targets: Vec<Target>) -> Vec<Target> {
        if self.login.get_load_balance_hosts() == LoadBalanceHosts::Random {
            fastrand::shuffle(&mut targets);
        }
        let silent = self.silent();
        targets.sort_by_key(|target| silent.iter().any(|(other, since)| other == target && is_fresh(*since)));
        targets
    }

    fn note_silence(&self, target: &Target, attempts: &mut NoConnection) {
        attempts.in_silence = true;
        let mut silent = self.silent();
        silent.retain(|(other, since)| other != target && is_fresh(*since));
        if silent.len() < REMEMBERED {
            silent.push((target.clone(), Instant::now()));
        }
    }

    fn note_answer(&self, targets: &[&Target]) {
        self.silent().retain(|(silent, _)| !targets.contains(&silent));
    }

    /// Held for a moment, never across an await.
    fn silent(&self) -> MutexGuard<'_, Vec<(Target, Instant)>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What attempts came to that gave no connection.
#[derive(Default)]
pub(super) struct NoConnection {
    /// What the last host said that said something.
    pub(super) error: Option<Error>,
    /// Was one of them silent? It might have let in.
    pub(super) in_silence: bool,
}

impl Target {
    /// Each address of a name. One without any stays as it is: the driver says why.
    async fn addresses(&self) -> Vec<Self> {
        let at = |address| Self { address: Some(address), ..self.clone() };
        let found = match (&self.host, self.address) {
            (Host::Tcp(name), None) => lookup_host((name.as_str(), self.port)).await.ok(),
            _ => None,
        };
        let found: Vec<_> = found.into_iter().flatten().map(|address| at(address.ip())).collect();
        if found.is_empty() { vec![self.clone()] } else { found }
    }

    fn config(&self, login: &Config) -> Config {
        let mut config = login.clone();
        match &self.host {
            Host::Tcp(name) => config.host(name),
            Host::Unix(folder) => config.host_path(folder),
        };
        if let Some(address) = self.address {
            config.hostaddr(address);
        }
        config.port(self.port);
        config
    }
}

fn is_fresh(since: Instant) -> bool {
    since.elapsed() < LAST_FOR
}

/// The end of the first share, where so many have to share the time until then.
fn share(end: Instant, among: usize) -> Instant {
    let now = Instant::now();
    now + end.saturating_duration_since(now) / u32::try_from(among).unwrap_or(u32::MAX)
}

/// The driver has no way to take a host out again.
fn without_host(config: &Config) -> Config {
    let mut login = Config::new();
    config.get_user().map(|user| login.user(user));
    config.get_password().map(|password| login.password(password));
    config.get_dbname().map(|name| login.dbname(name));
    config.get_options().map(|options| login.options(options));
    config.get_application_name().map(|name| login.application_name(name));
    config.get_connect_timeout().map(|timeout| login.connect_timeout(*timeout));
    config.get_tcp_user_timeout().map(|timeout| login.tcp_user_timeout(*timeout));
    config.get_keepalives_interval().map(|interval| login.keepalives_interval(interval));
    config.get_keepalives_retries().map(|retries| login.keepalives_retries(retries));
    login
        .ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding())
        .load_balance_hosts(config.get_load_balance_hosts());
    login
}

#[cfg(test)]
mod tests;

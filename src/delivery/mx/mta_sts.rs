//! MTA-STS (RFC 8461): what a domain demands of the servers that take its mail.
//!
//! A TXT record says that there is a policy and names its version; the policy is fetched from the domain's policy host, which
//! a certificate has to prove ([`GuardedClient`]). A policy in mode `enforce` holds for every mail: only the servers that it
//! names, only with a verified certificate. One that was fetched stays valid for its `max_age`, also while record or host
//! cannot be reached, so that cutting them off does not lift it. Without a policy mail goes as if there were no MTA-STS.
//!
//! Deliberately absent: policies that outlive the process, and reports (TLSRPT, RFC 8460).

mod cache;
mod domains;
mod policy;
mod record;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Url;
use tokio::sync::Mutex as Gate;
use tokio::time::{Instant, timeout};

use crate::runtime::net::dns::Dns;
use crate::runtime::net::guarded_client::GuardedClient;
use cache::Step;
use domains::Domains;
pub use policy::{BadPolicy, Mode, Policy};
pub use record::policy_id;

/// For fetching one policy.
const FETCH: Duration = Duration::from_secs(5);
/// Bytes of a policy.
const MOST_BYTES: usize = 64 * 1024;
/// For the fetches of others, and one's own.
const WAIT: Duration = Duration::from_secs(15);

/// Knows the policies of domains.
pub struct MtaSts {
    dns: Arc<Dns>,
    http: GuardedClient,
    domains: Mutex<Domains>,
}

impl MtaSts {
    /// Which looks records up and fetches policies by these.
    pub fn new(dns: Arc<Dns>, http: GuardedClient) -> Self {
        Self { dns, http, domains: Mutex::default() }
    }

    /// The policy that the mail of this domain has to keep; `None`: there is none in mode `enforce`.
    pub async fn enforced(&self, domain: &str) -> Option<Arc<Policy>> {
        let texts = self.dns.txt(&format!("_mta-sts.{domain}")).await.unwrap_or_default();
        let policy = self.policy(domain, policy_id(&texts).as_deref()).await?;
        (policy.mode == Mode::Enforce).then_some(policy)
    }

    async fn policy(&self, domain: &str, id: Option<&str>) -> Option<Arc<Policy>> {
        let (step, gate) = self.step(domain, id);
        match (step, id) {
            (Step::Use(policy), _) => policy,
            (Step::Fetch(valid), None) => valid,
            (Step::Fetch(valid), Some(id)) => timeout(WAIT, self.after_others(domain, id, gate)).await.unwrap_or(valid),
        }
    }

    /// One mail fetches; those that wait meanwhile hear what it has heard.
    async fn after_others(&self, domain: &str, id: &str, gate: Arc<Gate<()>>) -> Option<Arc<Policy>> {
        let _turn = gate.lock().await;
        if let (Step::Use(policy), _) = self.step(domain, Some(id)) {
            return policy;
        }
        let fetched = self.fetch(domain).await;
        self.domains().fetched(domain, id, fetched, Instant::now())
    }

    fn step(&self, domain: &str, id: Option<&str>) -> (Step, Arc<Gate<()>>) {
        self.domains().step(domain, id, Instant::now())
    }

    fn domains(&self) -> MutexGuard<'_, Domains> {
        self.domains.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self, domain: &str) -> Option<Policy> {
        let url = Url::parse(&format!("https://mta-sts.{domain}/.well-known/mta-sts.txt")).ok()?;
        let file = self.http.get(url, MOST_BYTES, FETCH).await.ok()?;
        let is_text = file.content_type.split(';').next().is_some_and(|kind| kind.trim() == "text/plain");
        Policy::parse(&file.body).ok().filter(|_| is_text)
    }
}

#[cfg(test)]
mod tests;

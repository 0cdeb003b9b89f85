//! Names to addresses without a thread: the system's own resolver holds one of the few blocking threads for as long as a
//! name server is silent, and a Maildir needs those.
//!
//! `/etc/hosts` comes first, then the name servers and search list of `/etc/resolv.conf`, both as they are when the
//! client is built ([`super::system`]). Each client has one of its own, with its own time limit; hosts, and so caches, would hardly ever be shared.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::timeout;

use super::system;
use super::system::HostsFile;

/// The answer that a name does not exist may be cached for hours, but a provider that is back must not wait for that. Long enough
/// for a burst of mails to ask once.
const NEGATIVE_TTL: Duration = Duration::from_secs(1);
/// Answers: one client asks for one name, in two families and along a search list.
const CACHE_SIZE: u64 = 64;

/// Why a name has no address.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Resolves for one client.
pub struct Resolver {
    hosts: HostsFile,
    servers: TokioResolver,
    limit: Duration,
    /// What was found last.
    found: Arc<Mutex<Vec<IpAddr>>>,
}

impl Resolver {
    /// As this system is configured, for connections that must be made within `connect`.
    pub fn system(connect: Duration) -> Result<Self, NetError> {
        let (config, options) = system::config();
        Self::new(config, options, HostsFile::of_system(), connect)
    }

    /// A query has a quarter of the time and is repeated once, so that a family that gets no answer leaves half of it to
    /// the other; the whole lookup, search list and all, ends early enough to be told from a connection that is not made.
    fn new(
        config: ResolverConfig,
        options: ResolverOpts,
        hosts: HostsFile,
        connect: Duration,
    ) -> Result<Self, NetError> {
        let mut servers =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(options);
        let options = servers.options_mut();
        options.timeout = connect / 4;
        options.attempts = 1;
        options.ip_strategy = LookupIpStrategy::Ipv6AndIpv4;
        options.cache_size = CACHE_SIZE;
        options.negative_max_ttl = Some(NEGATIVE_TTL);
        options.use_hosts_file = ResolveHosts::Never;
        Ok(Self { hosts, servers: servers.build()?, limit: connect * 3 / 4, found: Arc::default() })
    }

    /// The addresses of a name: at least one.
    pub fn lookup(&self, name: &str) -> impl Future<Output = Result<Vec<IpAddr>, Failure>> + use<> {
        let known = self.hosts.addresses(name);
        let (servers, limit, name) = (self.servers.clone(), self.limit, name.to_owned());
        let last = Arc::clone(&self.found);
        async move {
            let found = match known.is_empty() {
                true => timeout(limit, servers.lookup_ip(name)).await??.iter().collect(),
                false => known,
            };
            if found.is_empty() {
                return Err("the name has no address".into());
            }
            last.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&found);
            Ok(found)
        }
    }

    /// The addresses that were found last: of the one name that a client asks for.
    pub fn found(&self) -> Vec<IpAddr> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = self.lookup(name.as_str());
        Box::pin(async { lookup.await.map(addresses) })
    }
}

/// The port comes from the URL.
fn addresses(found: Vec<IpAddr>) -> Addrs {
    Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)))
}

#[cfg(test)]
mod tests;

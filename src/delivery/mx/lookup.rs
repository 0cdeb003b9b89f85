//! The servers of a domain, and their addresses.
//!
//! MX records say which servers; without any, the domain itself is one (RFC 5321 5.1); a single `0 .` says that it takes no
//! mail (RFC 7505). A server whose name does not exist is left out, and so is an address that is not public
//! ([`crate::runtime::net::addresses`]): its owner would choose what this machine connects to inside its own network. Where this
//! node is a server of the domain itself, by the name in its EHLO, neither it nor what is behind it is tried. What
//! could not be looked up is tried again later; only what the DNS says for certain is final.
//!
//! Deliberately absent: DANE (RFC 7672), which needs a name server that validates.

mod no_route;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::mta_sts::Policy;
use super::order::{MOST_ADDRESSES, by_preference, choose};
use super::sites::SiteKey;
use super::static_hosts::StaticHosts;
use super::transmission::Target;
use crate::runtime::net::addresses::reachable;
use crate::runtime::net::dns::{Dns, Missing, Mx};
pub use no_route::NoRoute;

/// Servers of one domain that are looked at; the rest is never tried.
const MOST_SERVERS: usize = 20;
/// Servers whose addresses are looked up at once.
const AT_ONCE: usize = 5;

/// Looks up where mail goes.
pub struct Lookup {
    dns: Arc<Dns>,
    hosts: StaticHosts,
    port: u16,
    allow_private: bool,
    /// What this node is called in EHLO.
    own_name: String,
}

/// The servers of a domain, in the order in which they are tried: at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Servers {
    names: Vec<Arc<str>>,
    origin: Origin,
}

/// Who named the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// The domain's MX records.
    Records,
    /// Nobody: the domain has no MX record.
    Implicit,
    /// The operator, who may name private ones.
    Operator,
}

impl Servers {
    /// The site that they are.
    pub fn site(&self) -> SiteKey {
        SiteKey::of(&self.names)
    }

    /// Did the operator name them? Then no policy of the domain's speaks of them.
    pub fn are_static(&self) -> bool {
        self.origin == Origin::Operator
    }
}

impl Lookup {
    /// By this cache of records, these servers of the operator's, the port of all servers, and whether private addresses may be
    /// connected to, for a node of this name, which does not deliver to itself.
    pub fn new(dns: Arc<Dns>, hosts: StaticHosts, port: u16, allow_private: bool, own_name: String) -> Self {
        Self { dns, hosts, port, allow_private, own_name }
    }

    /// The servers of a domain, given in lower-case A-labels, in an order that follows from this draw. A domain without a dot
    /// means something inside a network alone, where the operator names its servers.
    pub async fn servers(&self, domain: &str, draw: u64) -> Result<Servers, NoRoute> {
        if let Some(hosts) = self.hosts.of(domain) {
            return Ok(Servers { names: hosts.into(), origin: Origin::Operator });
        }
        if !domain.contains('.') {
            return Err(NoRoute::NoSuchDomain);
        }
        match self.dns.mx(domain).await {
            Ok(records) => named(before_own(records, &self.own_name)?, draw),
            Err(Missing::Records) if domain == self.own_name => Err(NoRoute::OwnServer),
            Err(Missing::Records) => Ok(Servers { names: vec![domain.into()], origin: Origin::Implicit }),
            Err(Missing::Name) => Err(NoRoute::NoSuchDomain),
            Err(Missing::Answer) => Err(NoRoute::NoAnswer),
        }
    }

    /// The addresses to try, in an order that follows from this draw, those alone whose servers the domain's policy permits:
    /// from one to five.
    pub async fn targets(&self, servers: &Servers, policy: Option<&Policy>, draw: u64) -> Result<Vec<Target>, NoRoute> {
        let permitted = |name: &&Arc<str>| policy.is_none_or(|policy| policy.permits(name));
        let names: Vec<_> = servers.names.iter().filter(permitted).cloned().collect();
        if names.is_empty() {
            return Err(NoRoute::Policy);
        }
        let (mut found, mut none) = (Vec::new(), NoRoute::NoAddress);
        for names in names.chunks(AT_ONCE) {
            let answers = join_all(names.iter().map(|name| self.addresses(name, servers.origin, draw))).await;
            for (name, answer) in names.iter().zip(answers) {
                match answer {
                    Ok(addresses) => found.push((Arc::clone(name), addresses)),
                    Err(reason) => none = none.or(reason),
                }
            }
            if found.iter().map(|(_, addresses)| addresses.len()).sum::<usize>() >= MOST_ADDRESSES {
                break;
            }
        }
        let targets = choose(found, self.port, &mut fastrand::Rng::with_seed(draw));
        if targets.is_empty() { Err(none) } else { Ok(targets) }
    }

    /// Why there is no route, once it is known whether this node, which has begun to look up then, hears of other domains.
    pub fn judged(&self, no_route: NoRoute, begun: Instant) -> NoRoute {
        if no_route == NoRoute::NoAnswer && self.dns.is_deaf(begun) { NoRoute::Deaf } else { no_route }
    }

    /// The addresses of a server that may be connected to: at least one.
    async fn addresses(&self, name: &str, origin: Origin, draw: u64) -> Result<Vec<IpAddr>, NoRoute> {
        if let (Origin::Operator, Ok(address)) = (origin, name.parse()) {
            return Ok(vec![address]);
        }
        let mut addresses = self.dns.addresses(name).await.map_err(|missing| match (missing, origin) {
            (Missing::Answer, _) => NoRoute::NoAnswer,
            (Missing::Name | Missing::Records, Origin::Implicit) => NoRoute::NoServer,
            (Missing::Name | Missing::Records, _) => NoRoute::NoAddress,
        })?;
        if !(self.allow_private || origin == Origin::Operator) {
            addresses = reachable(addresses, MOST_ADDRESSES, &mut fastrand::Rng::with_seed(draw));
        }
        if addresses.is_empty() { Err(NoRoute::PrivateAddress) } else { Ok(addresses) }
    }
}

/// Where this node is one of the servers, those before it alone: to the others it would hand mail that it is itself the server
/// for (RFC 5321 5.1).
fn before_own(mut records: Vec<Mx>, own_name: &str) -> Result<Vec<Mx>, NoRoute> {
    let own = records.iter().filter(|mx| mx.host == own_name).map(|mx| mx.preference).min();
    if let Some(own) = own {
        records.retain(|mx| mx.preference < own);
    }
    if own.is_some() && records.is_empty() { Err(NoRoute::OwnServer) } else { Ok(records) }
}

/// Names that no host can have, such as an address where a name is wanted, are left out.
fn named(mut records: Vec<Mx>, draw: u64) -> Result<Servers, NoRoute> {
    if let [Mx { preference: 0, host }] = records.as_slice()
        && host.is_empty()
    {
        return Err(NoRoute::NullMx);
    }
    records.retain(|mx| is_host_name(&mx.host));
    let names = by_preference(first_of(records), &mut fastrand::Rng::with_seed(draw));
    if names.is_empty() { Err(NoRoute::NoAddress) } else { Ok(Servers { names, origin: Origin::Records }) }
}

/// So many servers at most, each once, and for every mail the same: they are what the site is known by.
fn first_of(mut records: Vec<Mx>) -> Vec<Mx> {
    records.sort_unstable_by(|one, other| (one.preference, &one.host).cmp(&(other.preference, &other.host)));
    let mut seen = BTreeSet::new();
    records.retain(|mx| seen.insert(mx.host.clone()));
    records.truncate(MOST_SERVERS);
    records
}

/// Labels of letters, digits, `-` and `_`, the last of which no address could have.
fn is_host_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.chars().all(plain);
    let top = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.split('.').all(is_label) && top.starts_with(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests;

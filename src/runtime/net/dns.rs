//! Records of any domain: mail exchangers, addresses and texts.
//!
//! Names are taken as they stand, without a search list. Every answer tells apart that a name does not exist, that it has no
//! such records, and that nobody knows: mail to it is refused in the first case, may go elsewhere in the second, and waits in
//! the third. `/etc/hosts` comes first for addresses. All lookups of a process share one cache, bounded in records and in
//! time, so that a record that was put right is seen.
//!
//! Deliberately absent: DNSSEC. What a name server says is taken for true, so nothing is stricter because of it.

mod hearing;

use std::net::IpAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::time::{Instant, timeout};

use super::system;
use super::system::HostsFile;
use hearing::Hearing;

/// For one query, which is repeated once.
const QUERY: Duration = Duration::from_secs(5);
/// Answers that are remembered: some for each of 10,000 domains.
const CACHE_SIZE: u64 = 40_000;
/// However long a record may be remembered by its zone.
const LONGEST: Duration = Duration::from_secs(3600);
/// However long the zone says that a name does not exist.
const LONGEST_NEGATIVE: Duration = Duration::from_secs(60);

/// Why there are no records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The name does not exist.
    Name,
    /// The name exists, and has none of this type.
    Records,
    /// No name server gave an answer that could be used.
    Answer,
}

/// A mail exchanger of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mx {
    /// The lower, the sooner it is tried.
    pub preference: u16,
    /// Its name in lower case, without the final dot; empty for the root, which says that the domain takes no mail.
    pub host: String,
}

/// Looks records up.
pub struct Dns {
    hosts: HostsFile,
    servers: TokioResolver,
    limit: Duration,
    hearing: Hearing,
}

impl Dns {
    /// As this system is configured.
    pub fn system() -> Result<Self, NetError> {
        let (config, options) = system::config();
        Self::new(config, options, HostsFile::of_system(), QUERY)
    }

    /// The whole lookup, along aliases and at every name server, has the time of four queries.
    pub(super) fn new(
        config: ResolverConfig,
        options: ResolverOpts,
        hosts: HostsFile,
        query: Duration,
    ) -> Result<Self, NetError> {
        let mut servers =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(options);
        let options = servers.options_mut();
        options.timeout = query;
        options.attempts = 1;
        options.cache_size = CACHE_SIZE;
        options.positive_max_ttl = Some(LONGEST);
        options.negative_max_ttl = Some(LONGEST_NEGATIVE);
        options.use_hosts_file = ResolveHosts::Never;
        Ok(Self { hosts, servers: servers.build()?, limit: query * 4, hearing: Hearing::default() })
    }

    /// The mail exchangers of a domain: at least one.
    pub async fn mx(&self, domain: &str) -> Result<Vec<Mx>, Missing> {
        self.records(domain, RecordType::MX, |data| match data {
            RData::MX(mx) => Some(Mx { preference: mx.preference, host: text(&mx.exchange) }),
            _ => None,
        })
        .await
    }

    /// The texts of a name, each in one piece: at least one.
    pub async fn txt(&self, name: &str) -> Result<Vec<Vec<u8>>, Missing> {
        self.records(name, RecordType::TXT, |data| match data {
            RData::TXT(txt) => Some(txt.txt_data.concat()),
            _ => None,
        })
        .await
    }

    /// The names of an address, in lower case without the final dot: at least one.
    pub async fn names(&self, address: IpAddr) -> Result<Vec<String>, Missing> {
        let name = Name::from(address).to_ascii();
        self.records(&name, RecordType::PTR, |data| match data {
            RData::PTR(name) => Some(text(name)),
            _ => None,
        })
        .await
    }

    /// What asks the name servers, with this cache, for a library that does so itself. Each of its lookups is bounded; who
    /// lets it do many has to bound all of them.
    pub fn resolver(&self) -> &TokioResolver {
        &self.servers
    }

    /// The addresses of a host in both families, those of version 6 first: at least one. A family that cannot be looked up
    /// costs the other nothing.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Missing> {
        let known = self.hosts.addresses(host);
        if known.is_empty() { self.published_addresses(host).await } else { Ok(known) }
    }

    /// [`Self::addresses`] as other machines see them: `/etc/hosts`, which often has this machine's own name at a loopback
    /// address, is left out.
    pub async fn published_addresses(&self, host: &str) -> Result<Vec<IpAddr>, Missing> {
        let of = |family| self.records(host, family, RData::ip_addr);
        let (six, four) = tokio::join!(of(RecordType::AAAA), of(RecordType::A));
        match (six, four) {
            (Ok(six), Ok(four)) => Ok([six, four].concat()),
            (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(found),
            (Err(Missing::Answer), _) | (_, Err(Missing::Answer)) => Err(Missing::Answer),
            (Err(Missing::Name), _) | (_, Err(Missing::Name)) => Err(Missing::Name),
            (Err(Missing::Records), Err(Missing::Records)) => Err(Missing::Records),
        }
    }

    async fn records<T>(
        &self,
        name: &str,
        kind: RecordType,
        read: impl Fn(&RData) -> Option<T>,
    ) -> Result<Vec<T>, Missing> {
        let found: Vec<_> = self.ask(name, kind).await?.answers().iter().filter_map(|r| read(&r.data)).collect();
        if found.is_empty() { Err(Missing::Records) } else { Ok(found) }
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Result<Lookup, Missing> {
        let mut full = Name::from_ascii(name).map_err(|_| Missing::Name)?;
        full.set_fqdn(true);
        match timeout(self.limit, self.servers.lookup(full, kind)).await {
            Ok(Ok(lookup)) => {
                self.hearing.answered(&(name, kind), lookup.valid_until());
                Ok(lookup)
            }
            Ok(Err(error)) => {
                let missing = missing(&error);
                if missing == Missing::Answer {
                    self.hearing.failed(name, matches!(error, NetError::Dns(_)));
                }
                Err(missing)
            }
            Err(_) => {
                self.hearing.failed(name, false);
                Err(Missing::Answer)
            }
        }
    }

    /// Has this node heard nothing of any name server since then, or nothing new while one name after the other had no answer?
    /// Then that a name has no answer says nothing of its zone.
    pub fn is_deaf(&self, since: Instant) -> bool {
        self.hearing.is_deaf(since)
    }
}

/// Lower case, without the final dot.
fn text(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    text.strip_suffix('.').map(str::to_owned).unwrap_or(text)
}

/// A name server that refers to others, instead of answering, knows nothing of the name (RFC 2308 2.2).
fn missing(error: &NetError) -> Missing {
    let NetError::Dns(DnsError::NoRecordsFound(none)) = error else { return Missing::Answer };
    match none.response_code {
        ResponseCode::NXDomain => Missing::Name,
        ResponseCode::NoError if none.soa.is_some() || none.ns.is_none() => Missing::Records,
        _ => Missing::Answer,
    }
}

#[cfg(test)]
mod tests;

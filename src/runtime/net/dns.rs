//! Records of any domain: mail exchangers, addresses and texts.
//!
//! Names are taken as they stand, without a search list. Every answer tells apart that a name does not exist, that it has no
//! such records, and that nobody knows: mail to it is refused in the first case, may go elsewhere in the second, and waits in
//! the third. `/etc/hosts` comes first for addresses. All lookups of a process share one cache of what is used of each answer,
//! bounded in bytes and in time, so that a record that was put right is seen.
//!
//! Deliberately absent: DNSSEC. What a name server says is taken for true, so nothing is stricter because of it.

mod cache;
mod datum;
mod hearing;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::time::{Instant, timeout};

use super::system;
use super::system::HostsFile;
use cache::Cache;
pub use datum::Mx;
use datum::{Datum, few};
use hearing::Hearing;

/// For one query, which is repeated once.
const QUERY: Duration = Duration::from_secs(5);
/// However long a zone lets a record be remembered.
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

/// What is known of one question.
type Known = Result<Arc<[Datum]>, Missing>;

/// Looks records up.
pub struct Dns {
    hosts: HostsFile,
    servers: TokioResolver,
    limit: Duration,
    cache: Cache<Known>,
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
        // It would be bounded in answers, each of which can have 64 KiB on the wire, and twenty times as many in memory.
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        let (cache, hearing) = (Cache::default(), Hearing::default());
        Ok(Self { hosts, servers: servers.build()?, limit: query * 4, cache, hearing })
    }

    /// The mail exchangers of a domain: at least one.
    pub async fn mx(&self, domain: &str) -> Result<Vec<Mx>, Missing> {
        self.records(domain, RecordType::MX, |datum| match datum {
            Datum::Exchanger(mx) => Some(mx.clone()),
            _ => None,
        })
        .await
    }

    /// The texts of a name, each in one piece: at least one.
    pub async fn txt(&self, name: &str) -> Result<Vec<Vec<u8>>, Missing> {
        self.records(name, RecordType::TXT, |datum| match datum {
            Datum::Text(text) => Some(text.clone()),
            _ => None,
        })
        .await
    }

    /// The names of an address, in lower case without the final dot: at least one.
    pub async fn names(&self, address: IpAddr) -> Result<Vec<String>, Missing> {
        let name = Name::from(address).to_ascii();
        self.records(&name, RecordType::PTR, |datum| match datum {
            Datum::Name(name) => Some(name.clone()),
            _ => None,
        })
        .await
    }

    /// What asks the name servers, without the cache, for a library that does so itself. Each of its lookups is bounded; who
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
        let address = |datum: &Datum| match datum {
            Datum::Address(address) => Some(*address),
            _ => None,
        };
        let of = |family| self.records(host, family, address);
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
        read: impl Fn(&Datum) -> Option<T>,
    ) -> Result<Vec<T>, Missing> {
        let question = format!("{kind} {}", name.to_ascii_lowercase());
        let known = match self.cache.get(&question, Instant::now()) {
            Some(known) => known,
            None => self.ask(name, kind, &question).await,
        };
        let found: Vec<_> = known?.iter().filter_map(read).collect();
        if found.is_empty() { Err(Missing::Records) } else { Ok(found) }
    }

    /// Asks, and remembers what was heard.
    async fn ask(&self, name: &str, kind: RecordType, question: &str) -> Known {
        let mut full = Name::from_ascii(name).map_err(|_| Missing::Name)?;
        full.set_fqdn(true);
        let (known, time) = match timeout(self.limit, self.servers.lookup(full.clone(), kind)).await {
            Ok(Ok(lookup)) => {
                let answers = lookup.answers();
                let time = seconds(answers.iter().map(|record| record.ttl).min().unwrap_or_default());
                let data = few(answers.iter().filter_map(|record| Datum::of(&record.data)).collect());
                (Ok(data.into()), time.min(LONGEST))
            }
            Ok(Err(error)) => self.missing(&error, name, full).await,
            Err(_) => {
                self.hearing.failed(name, false);
                return Err(Missing::Answer);
            }
        };
        if known != Err(Missing::Answer) {
            self.hearing.answered();
        }
        if !time.is_zero() {
            let bytes = known.iter().flat_map(|data| data.iter()).map(Datum::bytes).sum();
            self.cache.keep(question, known.clone(), bytes, Instant::now() + time);
        }
        known
    }

    /// What it means that there are no records, and how long that may be remembered.
    async fn missing(&self, error: &NetError, name: &str, full: Name) -> (Known, Duration) {
        let NetError::Dns(DnsError::NoRecordsFound(none)) = error else {
            self.hearing.failed(name, matches!(error, NetError::Dns(_)));
            return (Err(Missing::Answer), Duration::ZERO);
        };
        let time = none.negative_ttl.map_or(Duration::ZERO, seconds).min(LONGEST_NEGATIVE);
        let missing = match none.response_code {
            ResponseCode::NXDomain => Missing::Name,
            ResponseCode::NoError if none.soa.is_some() => Missing::Records,
            ResponseCode::NoError if none.ns.is_none() && !self.may_be_alias(full).await => Missing::Records,
            _ => {
                self.hearing.failed(name, true);
                return (Err(Missing::Answer), Duration::ZERO);
            }
        };
        (Err(missing), time)
    }

    /// May the name stand for another? Then that there is neither a record nor a proof of that may mean a circle of aliases, or
    /// more of them than are followed, which is somebody's mistake. Only a name server that knows of none says that it does not.
    async fn may_be_alias(&self, name: Name) -> bool {
        match timeout(self.limit, self.servers.lookup(name, RecordType::CNAME)).await {
            Ok(Err(NetError::Dns(DnsError::NoRecordsFound(none)))) => {
                none.response_code != ResponseCode::NoError || (none.soa.is_none() && none.ns.is_some())
            }
            _ => true,
        }
    }

    /// Has this node heard nothing of any name server since then, or nothing new while one name after the other had no answer?
    /// Then that a name has no answer says nothing of its zone.
    pub fn is_deaf(&self, since: Instant) -> bool {
        self.hearing.is_deaf(since)
    }
}

fn seconds(ttl: u32) -> Duration {
    Duration::from_secs(ttl.into())
}

#[cfg(test)]
mod tests;

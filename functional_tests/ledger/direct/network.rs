//! Twenty sites: mail servers on loopback, the domains that they serve, and the name server that says so.
//!
//! Every second site has two servers. The first server of one site, and the only server of another, do not exist. Some domains
//! have no server that could be found, each in another way; without a name server of the tests there are none of these.

use std::net::Ipv4Addr;
use std::sync::Arc;

use hickory_resolver::proto::rr::RecordType;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::host::Host;
use super::record::Record;
use super::script::Script;
use crate::harness::certificate_authority::self_signed;
use crate::harness::mx_host::own_address;
use crate::harness::name_server::{self, Judge, NameServer, Says};
use crate::harness::{Process, Settings};

pub(super) const SITES: usize = 20;
/// The first of the two servers of this site does not exist.
const HALF_DEAD: usize = 18;
/// Nor does the server of this one, which has one alone.
const DEAD: usize = SITES - 2;
/// Domains of the first sites, beyond one for each.
const SHARED: usize = 5;

/// How a domain can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    Mx,
    /// It has no MX record, but an address.
    Implicit,
    /// The name server fails now and then.
    Shaky,
    /// It always does.
    Fails,
    Missing,
    /// It says that it takes no mail.
    Null,
    /// Its MX record names a host that does not exist.
    Nowhere,
}

const UNUSUAL: [(Names, &str); 6] = [
    (Names::Implicit, "implicit.example"),
    (Names::Shaky, "shaky.example"),
    (Names::Fails, "fails.example"),
    (Names::Missing, "missing.example"),
    (Names::Null, "null.example"),
    (Names::Nowhere, "nowhere.example"),
];

#[derive(Clone, Debug)]
pub(super) struct Domain {
    pub(super) name: String,
    pub(super) names: Names,
    /// How many servers it has, at least.
    pub(super) servers: usize,
}

/// All of it.
pub(super) struct Network {
    pub(super) domains: Vec<Domain>,
    pub(super) record: Arc<Record>,
    port: u16,
    /// For a node without a name server of ours.
    fixed: String,
    names: Option<NameServer>,
    _hosts: Vec<Host>,
}

/// The servers of a site, in order: the name of each, and its address.
fn servers(site: usize, net: [u8; 3]) -> Vec<(String, Ipv4Addr)> {
    let count = 1 + site % 2;
    let server = |number: usize| {
        let last = u8::try_from(1 + 2 * site + number).expect("few servers");
        (format!("mx{number}.site{site}.example"), Ipv4Addr::new(net[0], net[1], net[2], last))
    };
    (0..count).map(server).collect()
}

/// Which server of a site nobody is at.
fn is_missing(site: usize, number: usize) -> bool {
    site == DEAD || (site == HALF_DEAD - 1 && number == 0)
}

impl Network {
    pub(super) async fn start(script: &Script) -> Self {
        let [a, b, c, _] = own_address().octets();
        let sites: Vec<_> = (0..SITES).map(|site| servers(site, [a, b, c])).collect();
        let (port, listeners) = listen(&sites).await;
        let domains: Vec<_> =
            (0..SITES + SHARED).map(|number| (format!("d{number}.example"), number % SITES)).collect();
        let names = NameServer::start(zone(&domains, &sites, script)).await;
        let (record, tls) = (Arc::<Record>::default(), TlsAcceptor::from(Arc::new(self_signed("mx.example"))));
        let serve = |((name, address), listener): ((String, Ipv4Addr), TcpListener)| {
            let name = if names.is_some() { name } else { address.to_string() };
            Host::serve(listener, &name, script.clone(), Arc::clone(&record), tls.clone())
        };
        let hosts = listeners.into_iter().map(serve).collect();
        let domain = |name: &str, names, servers| Domain { name: name.to_owned(), names, servers };
        let usual = domains.iter().map(|(name, site)| domain(name, Names::Mx, sites[*site].len()));
        let unusual = UNUSUAL.map(|(names, name)| domain(name, names, 0));
        let all = usual.chain(unusual.into_iter().filter(|_| names.is_some())).collect();
        let of_site = |site: usize| {
            let addresses: Vec<_> = sites[site].iter().map(|(_, address)| address.to_string()).collect();
            addresses.join(",")
        };
        let fixed: Vec<_> = domains.iter().map(|(name, site)| format!("{name}:{}", of_site(*site))).collect();
        Self { domains: all, record, port, fixed: fixed.join(";"), names, _hosts: hosts }
    }

    /// These settings, for a node that delivers here.
    pub(super) fn under(&self, settings: Settings) -> Settings {
        let settings = settings.with("SMSP_MX_PORT", &self.port.to_string());
        match &self.names {
            Some(_) => settings.with("SMSP_MX_ALLOW_PRIVATE", "true"),
            None => settings.with("SMSP_MX_STATIC", &self.fixed),
        }
    }

    /// A node with these settings.
    pub(super) fn node(&self, settings: &Settings) -> Process {
        match &self.names {
            Some(names) => Process::start(names.asked_by(settings)),
            None => Process::smsp(&["serve"], settings),
        }
    }
}

/// Every server at its address, all at one port, which is free at each.
async fn listen(sites: &[Vec<(String, Ipv4Addr)>]) -> (u16, Vec<((String, Ipv4Addr), TcpListener)>) {
    let of_site = |(site, servers): (usize, &Vec<(String, Ipv4Addr)>)| {
        let there = servers.iter().enumerate().filter(move |(number, _)| !is_missing(site, *number));
        there.map(|(_, server)| server.clone()).collect::<Vec<_>>()
    };
    let all: Vec<_> = sites.iter().enumerate().flat_map(of_site).collect();
    'ports: for _ in 0..100 {
        let (mut port, mut listeners) = (0, Vec::new());
        for server in &all {
            let Ok(listener) = TcpListener::bind((server.1, port)).await else { continue 'ports };
            port = listener.local_addr().expect("a listener has an address").port();
            listeners.push((server.clone(), listener));
        }
        return (port, listeners);
    }
    panic!("no port is free at every address");
}

/// What the name server says.
fn zone(domains: &[(String, usize)], sites: &[Vec<(String, Ipv4Addr)>], script: &Script) -> Says {
    let mx =
        |name: &str, preference: usize, host: &str| (name.to_owned(), RecordType::MX, format!("{preference} {host}."));
    let a = |name: &str, address: Ipv4Addr| (name.to_owned(), RecordType::A, address.to_string());
    let mut records: Vec<name_server::Record> = Vec::new();
    for (name, site) in domains {
        records.extend(sites[*site].iter().enumerate().map(|(place, (host, _))| mx(name, 10 * place, host)));
    }
    records.extend(sites.iter().flatten().map(|(name, address)| a(name, *address)));
    for (names, name) in UNUSUAL {
        records.extend(match names {
            Names::Implicit => Some(a(name, sites[0][0].1)),
            Names::Shaky => Some(mx(name, 0, &sites[0][0].0)),
            Names::Null => Some((name.to_owned(), RecordType::MX, "0 .".to_owned())),
            Names::Nowhere => Some(mx(name, 0, "mx.missing.example")),
            _ => None,
        });
    }
    let (records, rng) = (&*records.leak(), script.rng);
    let asked = std::sync::atomic::AtomicUsize::new(0);
    Says::Each(Judge::that(move |name| {
        let unusual = UNUSUAL.iter().find(|(_, known)| *known == name).map(|(names, _)| *names);
        let count = || asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        match unusual {
            Some(Names::Fails) => Says::ServerFailure,
            Some(Names::Shaky) if rng.coin("shaky", count()) => Says::ServerFailure,
            _ => Says::Zone(records),
        }
    }))
}

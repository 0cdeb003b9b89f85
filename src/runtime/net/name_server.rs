//! A name server on loopback for tests: it says what a script says, and counts its queries.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, MX, NS, PTR, SOA, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;
use tokio::task::{AbortHandle, spawn};

use super::dns::Dns;
use super::system::HostsFile;

/// What it says to one query.
#[derive(Clone, Debug)]
pub enum Says {
    /// These records, in the form that a zone file has: `10 mx.example.org` for an MX.
    Records(Vec<String>),
    /// The name exists, and has no such records.
    NoData,
    /// The name does not exist.
    NoSuchName,
    /// It failed.
    ServerFailure,
    /// Others are to be asked.
    Referral,
    /// The name is an alias of this one, whatever the type.
    Alias(&'static str),
    /// Nothing at all.
    Silence,
}

/// `records(["10 mx.example.org"])`.
pub fn records<const N: usize>(texts: [&str; N]) -> Says {
    Says::Records(texts.map(str::to_owned).into())
}

/// A running one.
pub struct NameServer {
    port: u16,
    queries: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl NameServer {
    /// Answers each query for a name, in lower case without the final dot, and a type.
    pub async fn start(script: impl Fn(&str, RecordType) -> Says + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let queries = Arc::new(AtomicUsize::new(0));
        let task = spawn(serve(socket, script, Arc::clone(&queries))).abort_handle();
        Self { port, queries, task }
    }

    /// Lookups that ask this name server.
    pub fn dns(&self) -> Dns {
        let hosts = HostsFile::from("127.0.0.9 in-file.example");
        Dns::new(self.config(Vec::new()), ResolverOpts::default(), hosts, Duration::from_millis(100)).unwrap()
    }

    /// The configuration of a resolver that asks it, with a search list.
    pub fn config(&self, search_list: Vec<Name>) -> ResolverConfig {
        let mut server = NameServerConfig::udp(Ipv4Addr::LOCALHOST.into());
        server.connections[0].port = self.port;
        ResolverConfig::from_parts(None, search_list, vec![server])
    }

    /// How many it has heard.
    pub fn queries(&self) -> usize {
        self.queries.load(Ordering::SeqCst)
    }
}

async fn serve(socket: UdpSocket, script: impl Fn(&str, RecordType) -> Says, queries: Arc<AtomicUsize>) {
    let mut buffer = [0; 1024];
    loop {
        let (size, peer) = socket.recv_from(&mut buffer).await.unwrap();
        queries.fetch_add(1, Ordering::SeqCst);
        let query = Message::from_vec(&buffer[..size]).unwrap();
        let name = query.queries[0].name().to_ascii().to_ascii_lowercase();
        let says = script(name.trim_end_matches('.'), query.queries[0].query_type());
        if let Some(reply) = reply(query, &says) {
            socket.send_to(&reply.to_vec().unwrap(), peer).await.unwrap();
        }
    }
}

fn reply(query: Message, says: &Says) -> Option<Message> {
    let mut reply = query.into_response();
    // Above every name that a test asks for.
    let zone = Name::root();
    let soa = || RData::SOA(SOA::new(zone.clone(), zone.clone(), 1, 3600, 3600, 3600, 3600));
    let (name, kind) = (reply.queries[0].name().clone(), reply.queries[0].query_type());
    match says {
        Says::Records(texts) => {
            let record = |text: &String| Record::from_rdata(name.clone(), 60, data(kind, text));
            reply.add_answers(texts.iter().map(record));
        }
        Says::NoData => drop(reply.add_authority(Record::from_rdata(zone.clone(), 3600, soa()))),
        Says::NoSuchName => {
            reply.metadata.response_code = ResponseCode::NXDomain;
            reply.add_authority(Record::from_rdata(zone.clone(), 3600, soa()));
        }
        Says::ServerFailure => reply.metadata.response_code = ResponseCode::ServFail,
        Says::Referral => {
            let other = RData::NS(NS(Name::from_ascii("ns.example.").unwrap()));
            reply.add_authority(Record::from_rdata(zone.clone(), 3600, other));
        }
        Says::Alias(other) => {
            let other = RData::CNAME(CNAME(Name::from_ascii(other).unwrap()));
            reply.add_answer(Record::from_rdata(name, 60, other));
        }
        Says::Silence => return None,
    }
    Some(reply)
}

fn data(kind: RecordType, text: &str) -> RData {
    match kind {
        RecordType::A => RData::A(A(text.parse().unwrap())),
        RecordType::AAAA => RData::AAAA(AAAA(text.parse().unwrap())),
        RecordType::TXT => RData::TXT(TXT::new(text.split('|').map(str::to_owned).collect())),
        RecordType::PTR => RData::PTR(PTR(Name::from_ascii(text).unwrap())),
        RecordType::MX => {
            let (preference, host) = text.split_once(' ').unwrap();
            RData::MX(MX::new(preference.parse().unwrap(), Name::from_ascii(host).unwrap()))
        }
        _ => panic!("no test asks for {kind}"),
    }
}

//! A name server that the proxy of one test asks: on port 53 of a loopback address of its own, named by a resolv.conf that
//! only that process sees. It takes root and mount namespaces.

use std::ffi::OsStr;
use std::fmt;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, MX, PTR, TXT};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tempfile::NamedTempFile;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use super::process::binary;
use super::settings::Settings;
use super::skip::skip;

/// A record: its name in lower case, its type, and its text, as a zone file has it.
pub(crate) type Record = (String, RecordType, String);

/// What it says to every question.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Says {
    /// The name has this address, for as long as it takes to read this.
    Address(Ipv4Addr),
    /// What these records say; a name that none of them has does not exist.
    Zone(&'static [Record]),
    NoSuchName,
    ServerFailure,
    Nothing,
    /// What this says of the name that is asked for, in lower case and without the last dot.
    Each(Judge),
}

/// Says something of a name, each time it is asked for. Clones are the same one, which lives as long as the process.
#[derive(Clone, Copy)]
pub(crate) struct Judge(&'static (dyn Fn(&str) -> Says + Send + Sync));

impl Judge {
    pub(crate) fn that(says: impl Fn(&str) -> Says + Send + Sync + 'static) -> Self {
        Self(Box::leak(Box::new(says)))
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Judge")
    }
}

/// A running one.
pub(crate) struct NameServer {
    file: NamedTempFile,
    says: Arc<Mutex<Says>>,
    queries: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl NameServer {
    /// `None`, and a counted skip, where this machine does not let us.
    pub(crate) async fn start(says: Says) -> Option<Self> {
        let address = own_address();
        Self::at(address, &format!("nameserver {address}"), says).await
    }

    /// At 127.0.0.1, and a resolv.conf that names nobody.
    pub(crate) async fn unnamed(says: Says) -> Option<Self> {
        Self::at(Ipv4Addr::LOCALHOST, "# empty", says).await
    }

    async fn at(address: Ipv4Addr, config: &str, says: Says) -> Option<Self> {
        let namespaces = Command::new("unshare").args(["--mount", "true"]).output();
        let socket = UdpSocket::bind(SocketAddr::from((address, 53))).await;
        let (true, Ok(socket)) = (namespaces.is_ok_and(|output| output.status.success()), socket) else {
            skip("no mount namespace, or port 53 is not ours: DNS failures");
            return None;
        };
        let mut file = NamedTempFile::new().expect("a temporary file can be made");
        writeln!(file, "{config}").expect("a temporary file can be written");
        let (says, queries) = (Arc::new(Mutex::new(says)), Arc::default());
        let task = tokio::spawn(serve(socket, Arc::clone(&says), Arc::clone(&queries)));
        Some(Self { file, says, queries, task })
    }

    pub(crate) fn says(&self, says: Says) {
        *self.says.lock().unwrap_or_else(PoisonError::into_inner) = says;
    }

    /// How often it was asked.
    pub(crate) fn queries(&self) -> usize {
        self.queries.load(Ordering::SeqCst)
    }

    /// The command that serves with these settings and asks this name server.
    pub(crate) fn asked_by(&self, settings: &Settings) -> Command {
        self.asking(&["serve"], settings)
    }

    /// A command of our binary, with these settings, that asks this name server.
    pub(crate) fn asking(&self, args: &[&str], settings: &Settings) -> Command {
        let mut command = self.known_to(binary());
        command.args(args).env_clear().envs(settings.pairs());
        command
    }

    /// A program that asks this name server.
    pub(crate) fn known_to(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("unshare");
        let script = "mount --bind \"$1\" /etc/resolv.conf && shift && exec \"$@\"";
        command.args(["--mount", "sh", "-c", script, "sh"]).arg(self.file.path()).arg(program);
        command
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// All of 127.0.0.0/8 is loopback: one of this process, one of each of its tests.
fn own_address() -> Ipv4Addr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [high, low] = (std::process::id() as u16).to_be_bytes();
    Ipv4Addr::new(127, high.max(1), low, NEXT.fetch_add(1, Ordering::SeqCst))
}

async fn serve(socket: UdpSocket, says: Arc<Mutex<Says>>, queries: Arc<AtomicUsize>) {
    let mut buffer = [0; 1024];
    loop {
        let (size, peer) = socket.recv_from(&mut buffer).await.expect("a query");
        queries.fetch_add(1, Ordering::SeqCst);
        let said = *says.lock().unwrap_or_else(PoisonError::into_inner);
        let query = Message::from_vec(&buffer[..size]).expect("a query is a message");
        if let Some(reply) = reply(query, said) {
            let reply = reply.to_vec().expect("a reply can be written");
            // The client may have gone.
            let _ = socket.send_to(&reply, peer).await;
        }
    }
}

fn reply(query: Message, says: Says) -> Option<Message> {
    let mut reply = query.into_response();
    let (name, family) = (reply.queries[0].name().clone(), reply.queries[0].query_type());
    let asked = name.to_ascii().trim_end_matches('.').to_ascii_lowercase();
    let says = if let Says::Each(Judge(judge)) = says { judge(&asked) } else { says };
    let answer = |data| hickory_resolver::proto::rr::Record::from_rdata(name.clone(), 0, data);
    match says {
        Says::Address(address) if family == RecordType::A => drop(reply.add_answer(answer(RData::A(A(address))))),
        Says::Zone(records) => {
            let mut of_name = records.iter().filter(|(known, ..)| *known == asked).peekable();
            if of_name.peek().is_none() {
                reply.metadata.response_code = ResponseCode::NXDomain;
            }
            let of_type = of_name.filter(|(_, kind, _)| *kind == family);
            reply.add_answers(of_type.map(|(_, kind, text)| answer(data(*kind, text))));
        }
        Says::Address(_) => {}
        Says::NoSuchName => reply.metadata.response_code = ResponseCode::NXDomain,
        Says::ServerFailure => reply.metadata.response_code = ResponseCode::ServFail,
        Says::Nothing | Says::Each(_) => return None,
    }
    Some(reply)
}

fn data(kind: RecordType, text: &str) -> RData {
    let name = |text: &str| Name::from_ascii(text).expect("a name");
    match kind {
        RecordType::A => RData::A(A(text.parse().expect("an address"))),
        RecordType::AAAA => RData::AAAA(AAAA(text.parse().expect("an address"))),
        RecordType::PTR => RData::PTR(PTR(name(text))),
        RecordType::TXT => {
            // A string has 255 octets at most.
            let strings = text.as_bytes().chunks(255).map(|part| String::from_utf8_lossy(part).into_owned());
            RData::TXT(TXT::new(strings.collect()))
        }
        RecordType::MX => {
            let (preference, host) = text.split_once(' ').expect("a preference and a host");
            RData::MX(MX::new(preference.parse().expect("a number"), name(host)))
        }
        _ => panic!("no test has a record of the type {kind}"),
    }
}

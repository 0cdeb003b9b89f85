//! A proxy before a test's PostgreSQL, on a port: it loses or holds back the answer to a COMMIT, or loses the COMMIT
//! itself, swallows everything, and speaks TLS, which PostgreSQL does not on a socket.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::postmaster::Postmaster;

/// Longer than a database takes, and short enough for a transaction to end some time.
const DELAY: Duration = Duration::from_millis(2500);

/// What the proxy does with the next COMMIT, or from now on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The database never sees the next COMMIT: both connections end.
    LoseCommit,
    /// The database commits; both connections end before its answer to the next COMMIT goes through.
    LoseAnswer,
    /// The database commits; its answer to the next COMMIT goes through when the fault is over.
    HoldAnswer,
    /// Such an answer is held back.
    Holding,
    /// Nothing goes through any more.
    Swallow,
    /// Everything goes through, each statement late.
    Delay,
}

/// A fault, and what a transaction must have sent whose COMMIT meets it.
#[derive(Clone, Copy)]
struct Planned {
    fault: Fault,
    statement: &'static str,
}

pub(crate) struct Proxy {
    address: SocketAddr,
    fault: Arc<watch::Sender<Planned>>,
    accepting: AbortHandle,
}

impl Proxy {
    pub(crate) async fn before(server: &Postmaster) -> Self {
        Self::start(server, None).await
    }

    /// One that proves itself by this certificate.
    pub(crate) async fn with_tls(server: &Postmaster, config: ServerConfig) -> Self {
        Self::start(server, Some(Arc::new(config).into())).await
    }

    async fn start(server: &Postmaster, tls: Option<TlsAcceptor>) -> Self {
        let socket = server.socket_folder().join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let fault = Arc::new(watch::Sender::new(Planned { fault: Fault::None, statement: "" }));
        let faults = fault.clone();
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, socket.clone(), tls.clone(), faults.clone()));
            }
        });
        Self { address, fault, accepting: accepting.abort_handle() }
    }

    pub(crate) fn set(&self, fault: Fault) {
        self.set_for(fault, "");
    }

    /// Only the COMMIT of a transaction with this text in a statement meets the fault: the node itself commits too.
    pub(crate) fn set_for(&self, fault: Fault, statement: &'static str) {
        self.fault.send_replace(Planned { fault, statement });
    }

    /// Is this the fault by now? None: the one that was set has come to pass.
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.fault.borrow().fault == fault
    }

    /// The URL of a database behind it, under this name of the host.
    pub(crate) fn url(&self, host: &str, database: &str) -> String {
        format!("postgres://smsp@{host}:{}/{database}", self.address.port())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(stream: TcpStream, socket: PathBuf, tls: Option<TlsAcceptor>, fault: Arc<watch::Sender<Planned>>) {
    let Ok(server) = UnixStream::connect(socket).await else { return };
    match tls {
        None => pass(stream, server, &fault).await,
        Some(tls) => {
            let mut stream = stream;
            // The request for TLS: eight bytes, answered by one.
            let mut request = [0; 8];
            if stream.read_exact(&mut request).await.is_ok() && stream.write_all(b"S").await.is_ok() {
                let (Ok(mut stream), mut server) = (tls.accept(stream).await, server) else { return };
                let _ = copy_bidirectional(&mut stream, &mut server).await;
            }
        }
    }
}

/// Passes on what comes until a side ends, or the fault ends both.
async fn pass(client: impl AsyncRead + AsyncWrite, server: UnixStream, fault: &watch::Sender<Planned>) {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = server.into_split();
    let (mut up, mut down) = (vec![0; 16 << 10], vec![0; 16 << 10]);
    let mut has_statement = false;
    loop {
        tokio::select! {
            read = from_client.read(&mut up) => {
                let Some(sent) = read.ok().and_then(|length| up.get(..length)).filter(|sent| !sent.is_empty()) else { return };
                has_statement |= contains(sent, fault.borrow().statement);
                let now = if is_commit(sent) { take(fault, std::mem::take(&mut has_statement)) } else { fault.borrow().fault };
                if now == Fault::LoseCommit && is_commit(sent) {
                    return;
                }
                match now {
                    Fault::Swallow => continue,
                    Fault::Delay => tokio::time::sleep(DELAY).await,
                    _ => {}
                }
                if to_server.write_all(sent).await.is_err() {
                    return;
                }
                if now == Fault::LoseAnswer && is_commit(sent) {
                    let _ = from_server.read(&mut down).await;
                    return;
                }
                if now == Fault::HoldAnswer && is_commit(sent) {
                    // Then it is committed.
                    let _ = from_server.readable().await;
                    fault.send_replace(Planned { fault: Fault::Holding, statement: "" });
                    let _ = fault.subscribe().wait_for(|planned| planned.fault != Fault::Holding).await;
                }
            }
            read = from_server.read(&mut down) => {
                let Some(sent) = read.ok().and_then(|length| down.get(..length)).filter(|sent| !sent.is_empty()) else { return };
                if fault.borrow().fault != Fault::Swallow && to_client.write_all(sent).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The fault that a COMMIT meets whose transaction has sent the statement, or has not; it meets one only.
fn take(planned: &watch::Sender<Planned>, has_statement: bool) -> Fault {
    let Planned { fault, statement } = *planned.borrow();
    if matches!(fault, Fault::Swallow | Fault::Delay | Fault::Holding) {
        return fault;
    }
    if !has_statement && !statement.is_empty() {
        return Fault::None;
    }
    planned.send_replace(Planned { fault: Fault::None, statement: "" });
    fault
}

fn contains(sent: &[u8], text: &str) -> bool {
    !text.is_empty() && sent.windows(text.len()).any(|part| part == text.as_bytes())
}

/// A simple query is sent alone, in one piece.
fn is_commit(sent: &[u8]) -> bool {
    sent.ends_with(b"commit\0")
}

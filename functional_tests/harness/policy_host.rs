//! A policy host of MTA-STS: HTTPS on port 443 of a loopback address of its own, which takes root.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::skip::skip;

/// A running one.
pub(crate) struct PolicyHost {
    connections: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl PolicyHost {
    /// Shows this certificate at this address, and this policy to all that trust it. `None`, and a counted skip, where this
    /// machine does not let us.
    pub(crate) async fn start(address: Ipv4Addr, certificate: ServerConfig, policy: &str) -> Option<Self> {
        let Ok(listener) = TcpListener::bind(SocketAddr::from((address, 443))).await else {
            skip("port 443 is not ours: MTA-STS policies");
            return None;
        };
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close";
        let answer: Arc<str> = format!("{head}\r\ncontent-length: {}\r\n\r\n{policy}", policy.len()).into();
        let (acceptor, connections) = (TlsAcceptor::from(Arc::new(certificate)), Arc::<AtomicUsize>::default());
        let count = Arc::clone(&connections);
        let accepting = tokio::spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                open.spawn(answer_one(acceptor.clone(), stream, Arc::clone(&answer)));
            }
        });
        Some(Self { connections, accepting })
    }

    /// How often it was connected to.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for PolicyHost {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A handshake that fails is what some tests are about.
async fn answer_one(acceptor: TlsAcceptor, stream: TcpStream, answer: Arc<str>) -> Option<()> {
    let mut stream = BufReader::new(acceptor.accept(stream).await.ok()?);
    let mut line = String::new();
    while stream.read_line(&mut line).await.ok()? > 2 {
        line.clear();
    }
    stream.write_all(answer.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}

//! TLS in front of a stub: what comes out of it decrypted, the stub gets, and nothing else.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// A TLS listener in front of a stub.
pub(crate) struct TlsListener {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl TlsListener {
    /// Shows this certificate to clients of the stub at `behind`.
    pub(crate) async fn open(config: ServerConfig, behind: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(pass(acceptor.clone(), stream, behind));
            }
        });
        Self { address, accepting }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Either side may end it in any way; a handshake that fails is what some tests are about.
async fn pass(acceptor: TlsAcceptor, stream: TcpStream, behind: SocketAddr) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut stub = TcpStream::connect(behind).await.expect("the stub listens");
    let _ = copy_bidirectional(&mut stream, &mut stub).await;
}

//! A port that refuses every connection, and that nobody else can take meanwhile.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Bound but never listening: a connection is refused, and the port is not given to a parallel test. Whoever holds it
/// may listen there for a while, through a second socket.
pub(crate) struct RefusingPort(TcpSocket);

impl RefusingPort {
    pub(crate) fn reserve() -> Self {
        Self(bound(([127, 0, 0, 1], 0).into()))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("a bound socket has an address")
    }

    /// Takes connections until the listener is dropped.
    pub(super) fn listen(&self) -> TcpListener {
        bound(self.address()).listen(1024).expect("a reserved port can be listened on")
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address())
    }
}

fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    socket.set_reuseaddr(true).expect("a port can be shared among sockets that do not listen");
    socket.bind(address).expect("loopback has a free port");
    socket
}

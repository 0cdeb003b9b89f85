//! A port that refuses every connection, and that nobody else can take meanwhile.

use tokio::net::TcpSocket;

/// Bound but never listening: a connection is refused, and the port is not given to a parallel test.
pub(crate) struct RefusingPort(TcpSocket);

impl RefusingPort {
    pub(crate) fn reserve() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket can be made");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("loopback has a free port");
        Self(socket)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().expect("a bound socket has an address"))
    }
}

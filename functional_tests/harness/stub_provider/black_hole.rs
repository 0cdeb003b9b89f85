//! A port that never answers a connection at all: the kernel's queue for it is full, so it drops every SYN.

use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

/// Long enough for a connection on loopback that is not dropped.
const LOOPBACK: Duration = Duration::from_millis(200);

/// Listens, accepts nothing, and holds what fills its queue.
pub(crate) struct BlackHole {
    listener: TcpListener,
    _fillers: Vec<TcpStream>,
}

impl BlackHole {
    /// Returns once a further connection is not answered any more.
    pub(crate) async fn open() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket can be made");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("loopback has a free port");
        let listener = socket.listen(1).expect("a bound socket can listen");
        let address = listener.local_addr().expect("a listener has an address");
        let mut fillers = Vec::new();
        while let Ok(filler) = timeout(LOOPBACK, TcpStream::connect(address)).await {
            fillers.push(filler.expect("a connection that the kernel takes"));
            assert!(fillers.len() < 64, "the queue does not fill");
        }
        Self { listener, _fillers: fillers }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.listener.local_addr().expect("a listener has an address"))
    }
}

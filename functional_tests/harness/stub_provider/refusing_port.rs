//! A port that refuses every connection, and that nobody else can take meanwhile.

use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;

use tokio::net::{TcpListener, TcpSocket};

/// Bytes. Left to itself the kernel takes up to `tcp_rmem`, here 32 MiB, of what nobody reads, and a mail that was to
/// stall has all been taken.
const RECEIVE_BUFFER: u32 = 64 * 1024;

/// Bound but never listening: a connection is refused, and the port is not given to a parallel test. The holder of it
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
    pub(in crate::harness) fn listen(&self) -> TcpListener {
        let socket = bound(self.address());
        socket.set_recv_buffer_size(RECEIVE_BUFFER).expect("a buffer can be bounded");
        socket.listen(1024).expect("a reserved port can be listened on")
    }

    /// Takes no more, at once. Merely dropped, it would listen on for as long as a child that is being started has a copy.
    pub(super) fn close(listener: TcpListener) {
        let socket = OwnedFd::from(listener.into_std().expect("a listener of the runtime"));
        TcpStream::from(socket).shutdown(Shutdown::Both).expect("a listening socket can be shut down");
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

#[tokio::test]
async fn a_port_can_be_listened_on_again_although_a_child_has_a_copy_of_the_old_socket() {
    let port = RefusingPort::reserve();
    let listener = port.listen().into_std().expect("a listener of the runtime");
    let copy = listener.try_clone().expect("a descriptor");
    RefusingPort::close(TcpListener::from_std(listener).expect("a listener"));
    TcpStream::connect(port.address()).expect_err("nobody listens");
    drop(port.listen());
    drop(copy);
}

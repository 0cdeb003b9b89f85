//! The sockets of the listeners.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};
use tracing::info;

use super::start_error::StartError;

/// Connections that wait to be accepted; the kernel's own limit (`net.core.somaxconn`) is the other bound.
const BACKLOG: u32 = 4096;
/// What the kernel holds of a connection each way, of which it counts half as its own: bytes.
const SOCKET_BUFFER: u32 = 128 * 1024;

/// Takes this address, which a variable has named; returns the one that it has come to.
pub(super) async fn bind(
    name: &str,
    address: SocketAddr,
    variable: &'static str,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let unable = |error| StartError::Listen { address, variable, error };
    let listener = listen(address).map_err(unable)?;
    let bound = listener.local_addr().map_err(unable)?;
    info!(listener = name, address = %bound, "listening");
    Ok((listener, bound))
}

/// With room for callers who come at once: the library's own 128 made the kernel drop connections.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart must not wait for the connections of the process before.
    socket.set_reuseaddr(true)?;
    // Of its connections too: the kernel would keep megabytes for each caller who does not read, and run short of them.
    socket.set_send_buffer_size(SOCKET_BUFFER)?;
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

//! A connection to the first of several addresses that answers (RFC 8305, "Happy Eyeballs").
//!
//! An address that swallows every packet costs [`HEAD_START`], not the whole connect timeout: the next one is tried once the
//! one before has failed, or has had so long. The families take turns, for it is mostly one of them that is broken.
//! By hand: a client's connector gives one error for all addresses, by which a limit of our own is not told from a refusal.
//! Deliberately absent: time limits (the session has one for DNS, TCP and TLS together), memory of what has worked.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

use crate::model::outcome::Reason;
use crate::runtime::local_limit::is_local_limit;

/// As RFC 8305 5 recommends.
const HEAD_START: Duration = Duration::from_millis(250);
/// So that little of a mail stands in the kernel, taken by us and not sent yet: progress is judged by what was taken.
const SEND_BUFFER: u32 = 128 * 1024;

/// A connection to one of these addresses; or why there is none.
pub async fn to_first(addresses: Vec<IpAddr>, port: u16) -> Result<TcpStream, Reason> {
    let addresses = in_turns(addresses).into_iter().map(|ip| SocketAddr::new(ip, port));
    first(addresses, to).await.map_err(|errors| reason(&errors))
}

/// Why there is no connection to one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotConnected {
    /// This machine, or its router, knows no way there.
    NoWay,
    /// For another reason.
    Failed(Reason),
}

/// A connection to this address; or why there is none.
pub async fn to_one(address: SocketAddr) -> Result<TcpStream, NotConnected> {
    to(address).await.map_err(|error| not_connected(address, error))
}

fn not_connected(address: SocketAddr, error: io::Error) -> NotConnected {
    match error.kind() {
        ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown | ErrorKind::HostUnreachable => NotConnected::NoWay,
        // This machine has no address of version 6 that it could send from; for version 4 it has no port left.
        ErrorKind::AddrNotAvailable if address.is_ipv6() => NotConnected::NoWay,
        _ => NotConnected::Failed(reason(&[error])),
    }
}

/// A limit of this machine is the reason only if it was met for every address.
fn reason(errors: &[io::Error]) -> Reason {
    let is_ours = !errors.is_empty() && errors.iter().all(is_local_limit);
    if is_ours { Reason::LocalLimit } else { Reason::Connect }
}

async fn to(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The families by turns, beginning with that of the first address; within each, the order stays.
fn in_turns(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let is_v6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|ip| ip.is_ipv6() == is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    std::iter::from_fn(|| Some([first.next(), second.next()]).filter(|pair| pair.iter().any(Option::is_some)))
        .flatten()
        .flatten()
        .collect()
}

/// The first of these attempts that succeeds; the others are dropped. Or why none does, in the order in which they failed.
async fn first<A, T, E, F: Future<Output = Result<T, E>>>(
    addresses: impl IntoIterator<Item = A>,
    attempt: impl Fn(A) -> F,
) -> Result<T, Vec<E>> {
    let (mut addresses, mut attempts, mut errors) =
        (addresses.into_iter().peekable(), FuturesUnordered::new(), Vec::new());
    loop {
        attempts.extend(addresses.next().map(&attempt));
        let has_more = addresses.peek().is_some();
        tokio::select! {
            biased;
            ended = attempts.next() => match ended {
                Some(Ok(value)) => return Ok(value),
                Some(Err(error)) => errors.push(error),
                None => return Err(errors),
            },
            () = sleep(HEAD_START), if has_more => {}
        }
    }
}

#[cfg(test)]
mod tests;

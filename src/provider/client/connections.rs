//! The connections of one client, and how many bytes of mail the kernel still holds for them.
//!
//! The client takes a body faster than a slow uplink: up to some megabytes stand in the kernel's send buffer, which the
//! client gives no way to bound. So after a time-out the kernel is asked whether they were still moving: a provider that
//! has not got all of a large mail yet is not silent. Linux tells it in `/proc/net/tcp` (proc_pid_net(5)); where that
//! cannot be read, nobody is blamed.
//!
//! Deliberately absent: a way from a mail to its own connection, which the client does not tell. All of them are looked at.

use std::collections::VecDeque;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper::http::Extensions;
use hyper_util::client::legacy::connect::{Connection, HttpInfo};
use tower::{Layer, Service};

/// More than an upstream has mails at a time. Older ones are closed, or so busy that they are not stuck.
const MAX_KNOWN: usize = 1024;
/// `/proc` has a table for each family.
const TABLES: [&str; 2] = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];

/// Our ends of the connections of one client, the oldest first.
#[derive(Clone, Default)]
pub(in crate::provider) struct Connections(Arc<Mutex<VecDeque<SocketAddr>>>);

impl Connections {
    fn note(&self, connection: &impl Connection) {
        let mut extensions = Extensions::new();
        connection.connected().get_extras(&mut extensions);
        let Some(info) = extensions.get::<HttpInfo>() else { return };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() == MAX_KNOWN {
            known.pop_front();
        }
        known.push_back(info.local_addr());
    }

    /// Bytes that were sent along these connections and that their other ends have not got yet. `None`: nobody can tell.
    /// Reads files of the kernel's: not for a worker.
    pub(in crate::provider) fn unsent(&self) -> Option<u64> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let tables: Vec<_> = TABLES.iter().filter_map(|table| fs::read_to_string(table).ok()).collect();
        let rows = tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(row);
        let queues = rows.filter(|(local, _)| known.contains(local)).map(|(_, queue)| queue);
        (!tables.is_empty()).then(|| queues.sum())
    }
}

/// Our end, and the bytes in its send queue.
fn row(line: &str) -> Option<(SocketAddr, u64)> {
    let mut fields = line.split_whitespace().skip(1);
    let (local, queues) = (fields.next()?, fields.nth(2)?);
    let (address, port) = local.split_once(':')?;
    let (queue, _) = queues.split_once(':')?;
    let address = SocketAddr::new(address_of(address)?, u16::from_str_radix(port, 16).ok()?);
    Some((address, u64::from_str_radix(queue, 16).ok()?))
}

/// Each 32 bits of the address are printed as a number of this machine.
fn address_of(digits: &str) -> Option<IpAddr> {
    let word = |at: usize| Some(u32::from_str_radix(digits.get(at * 8..at * 8 + 8)?, 16).ok()?.to_ne_bytes());
    match digits.len() {
        8 => word(0).map(|bytes| Ipv4Addr::from(bytes).into()),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}

impl<S> Layer<S> for Connections {
    type Service = Noting<S>;

    fn layer(&self, inner: S) -> Noting<S> {
        Noting { inner, connections: self.clone() }
    }
}

/// Makes connections, and notes each.
#[derive(Clone)]
pub(in crate::provider) struct Noting<S> {
    inner: S,
    connections: Connections,
}

impl<S, R> Service<R> for Noting<S>
where
    S: Service<R, Response: Connection, Future: Send + 'static>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (connecting, connections) = (self.inner.call(request), self.connections.clone());
        Box::pin(async move { connecting.await.inspect(|connection| connections.note(connection)) })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_row_of_the_kernels_table_is_read_in_both_families() {
        let four = "   0: 0100007F:1F90 0200007F:0050 01 0000ABCD:00000001 00:00000000 00000000     0        0 1 1 0";
        let six =
            "   1: 00000000000000000000000001000000:01BB 00000000000000000000000001000000:0050 01 00000010:00000000 0";
        if cfg!(target_endian = "little") {
            assert_eq!(row(four), Some(("127.0.0.1:8080".parse().unwrap(), 0xABCD)));
            assert_eq!(row(six), Some(("[::1]:443".parse().unwrap(), 16)));
        }
        for nonsense in ["", "  sl  local_address rem_address   st tx_queue rx_queue", "0: 0100007F 0200007F 01 0:0"] {
            assert_eq!(row(nonsense), None, "{nonsense}");
        }
    }

    #[tokio::test]
    async fn what_the_other_end_has_not_got_is_counted_until_it_has() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(address).await.unwrap();
            let mut ours = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (mut theirs, _) = listener.accept().await.unwrap();
            let connections = Connections::default();
            connections.0.lock().unwrap().push_back(ours.local_addr().unwrap());
            assert_eq!(connections.unsent(), Some(0));
            let mut written = 0;
            // Until neither end's kernel takes any more.
            while let Ok(Ok(count)) =
                tokio::time::timeout(std::time::Duration::from_millis(200), ours.write(&[0; 65_536])).await
            {
                written += count;
            }
            assert!(connections.unsent().is_some_and(|unsent| unsent > 0), "{written} bytes are on their way");
            assert_eq!(Connections::default().unsent(), Some(0), "of others nothing is counted");
            theirs.read_exact(&mut vec![0; written]).await.unwrap();
            while connections.unsent() != Some(0) {
                tokio::task::yield_now().await;
            }
        }
    }
}

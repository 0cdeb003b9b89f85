//! How many bytes of mail the kernel still holds for the connections to one provider, or to the proxy before it.
//!
//! The client takes a body faster than a slow uplink: up to some megabytes stand in the kernel's send buffer, which the
//! client gives no way to bound. So after a time-out the kernel is asked whether they were still moving: a provider that
//! has not got all of a large mail yet is not silent. Linux tells it in `/proc/net/tcp` (`proc_pid_net(5)`); where that
//! cannot be read, nobody is blamed.
//!
//! Deliberately absent: a way from a mail to its own connection, which the client does not tell. All connections of this
//! machine to the provider's addresses are looked at; behind a proxy, all to the proxy's, whichever provider they are for.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::Url;

use crate::runtime::net::resolver::Resolver;

/// `/proc` has a table for each family.
const TABLES: [&str; 2] = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];

/// Where the connections of one client lead to.
#[derive(Clone)]
pub(super) struct Connections {
    /// The host, if it is an address; else the resolver knows its addresses.
    address: Option<IpAddr>,
    port: u16,
    resolver: Arc<Resolver>,
}

impl Connections {
    /// To this endpoint or proxy, whose name this resolver looks up.
    pub(super) fn to(endpoint: &Url, resolver: Arc<Resolver>) -> Self {
        let host = endpoint.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        Self { address, port: endpoint.port_or_known_default().unwrap_or_default(), resolver }
    }

    /// What was sent along these connections and has not arrived at their other ends yet. `None`: nobody can tell. Reads
    /// files of the kernel's: not for a worker.
    pub(super) fn unsent(&self) -> Option<Unsent> {
        let found = self.address.map_or_else(|| self.resolver.found(), |address| vec![address]);
        let peers: Vec<_> = found.into_iter().map(|ip| SocketAddr::new(ip, self.port)).collect();
        let tables: Vec<_> = TABLES.iter().filter_map(|table| fs::read_to_string(table).ok()).collect();
        let rows = tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(row);
        let queues = rows.filter(|row| peers.contains(&row.peer) && row.queue > 0);
        (!tables.is_empty()).then(|| Unsent(queues.map(|row| (row.local, row.queue)).collect()))
    }
}

/// Bytes in the send queues of connections, by our end; those without any are left out.
#[derive(Debug, Default)]
pub struct Unsent(HashMap<SocketAddr, u64>);

impl Unsent {
    /// Has everything arrived?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Has any of the connections that had some then less of it now?
    pub fn has_less_than(&self, before: &Self) -> bool {
        before.0.iter().any(|(local, queue)| self.0.get(local).copied().unwrap_or_default() < *queue)
    }
}

/// One connection in the kernel's table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    local: SocketAddr,
    peer: SocketAddr,
    /// Bytes in our send queue.
    queue: u64,
}

fn row(line: &str) -> Option<Row> {
    let mut fields = line.split_whitespace().skip(1);
    let (local, peer) = (socket(fields.next()?)?, socket(fields.next()?)?);
    let (queue, _) = fields.nth(1)?.split_once(':')?;
    Some(Row { local, peer, queue: u64::from_str_radix(queue, 16).ok()? })
}

fn socket(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    Some(SocketAddr::new(address_of(address)?, u16::from_str_radix(port, 16).ok()?))
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
        let expected = |local: &str, peer: &str, queue| {
            Some(Row { local: local.parse().unwrap(), peer: peer.parse().unwrap(), queue })
        };
        if cfg!(target_endian = "little") {
            assert_eq!(row(four), expected("127.0.0.1:8080", "127.0.0.2:80", 0xABCD));
            assert_eq!(row(six), expected("[::1]:443", "[::1]:80", 16));
        }
        for nonsense in ["", "  sl  local_address rem_address   st tx_queue rx_queue", "0: 0100007F 0200007F 01 0:0"] {
            assert_eq!(row(nonsense), None, "{nonsense}");
        }
    }

    #[tokio::test]
    async fn unsent_bytes_are_counted_until_they_arrive() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(address).await.unwrap();
            let mut ours = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (mut theirs, _) = listener.accept().await.unwrap();
            let resolver = Arc::new(Resolver::system(std::time::Duration::from_secs(1)).unwrap());
            let to = |port: u16| {
                let url = format!("http://{}/", SocketAddr::new(listener.local_addr().unwrap().ip(), port));
                Connections::to(&url.parse().unwrap(), Arc::clone(&resolver))
            };
            let connections = to(listener.local_addr().unwrap().port());
            assert!(connections.unsent().unwrap().is_empty());
            let mut written = 0;
            // Until neither end's kernel takes any more.
            while let Ok(Ok(count)) =
                tokio::time::timeout(std::time::Duration::from_millis(200), ours.write(&[0; 65_536])).await
            {
                written += count;
            }
            // The kernel may move some more into the other end's buffer; then they are stuck.
            let mut before = connections.unsent().unwrap();
            loop {
                let now = connections.unsent().unwrap();
                if !now.has_less_than(&before) {
                    break;
                }
                before = now;
            }
            assert!(!before.is_empty(), "{written} bytes are on their way");
            assert!(to(1).unsent().unwrap().is_empty(), "of others nothing is counted");
            theirs.read_exact(&mut vec![0; written]).await.unwrap();
            assert!(connections.unsent().unwrap().has_less_than(&before));
            while !connections.unsent().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        }
    }
}

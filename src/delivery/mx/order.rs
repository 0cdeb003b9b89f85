//! In which order the servers of a domain are tried, and at which of their addresses. Pure: the draws are passed in.
//!
//! Those of one mail are the same each time, so that it comes back to the address that has put it off: a server that
//! greylists (RFC 6647) may know nothing of what another has heard.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::transmission::Target;
use crate::runtime::net::dns::Mx;

/// Addresses that one attempt tries at most (RFC 5321 5.1 wants two at least, where there are two).
pub(super) const MOST_ADDRESSES: usize = 5;

/// By preference, and as it is drawn inside one, so that equal servers get equal shares (RFC 5321 5.1). The order of the
/// answer makes no difference.
pub(super) fn by_preference(mut hosts: Vec<Mx>, random: &mut fastrand::Rng) -> Vec<Arc<str>> {
    hosts.sort_unstable_by(|one, other| (one.preference, &one.host).cmp(&(other.preference, &other.host)));
    hosts.chunk_by_mut(|one, next| one.preference == next.preference).for_each(|equals| random.shuffle(equals));
    hosts.into_iter().map(|mx| mx.host.into()).collect()
}

/// Chooses the addresses to try, in the order of the servers. Each server has two, of both families where it has both, before
/// any has a third, so that a server that is down, or a family that this machine cannot reach, does not take all the places.
pub(super) fn choose(hosts: Vec<(Arc<str>, Vec<IpAddr>)>, port: u16, random: &mut fastrand::Rng) -> Vec<Target> {
    let rows: Vec<_> = hosts.into_iter().map(|(host, addresses)| (host, alternating(addresses, random))).collect();
    let mut counts = vec![0; rows.len()];
    let mut left = MOST_ADDRESSES;
    while left > 0 && rows.iter().zip(&counts).any(|((_, row), count)| row.len() > *count) {
        for ((_, row), count) in rows.iter().zip(&mut counts) {
            let more = (row.len() - *count).min(2).min(left);
            *count += more;
            left -= more;
        }
    }
    let chosen = rows.into_iter().zip(counts).flat_map(|((host, row), count)| {
        row.into_iter()
            .take(count)
            .map(move |ip| Target { host: Arc::clone(&host), address: SocketAddr::new(ip, port) })
    });
    chosen.collect()
}

/// The families in turn, each as it is drawn, version 6 first; when one has none left, the rest of the other.
fn alternating(mut addresses: Vec<IpAddr>, random: &mut fastrand::Rng) -> Vec<IpAddr> {
    addresses.sort_unstable();
    random.shuffle(&mut addresses);
    let (six, four): (Vec<_>, Vec<_>) = addresses.into_iter().partition(IpAddr::is_ipv6);
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    let mut row = Vec::new();
    loop {
        let before = row.len();
        row.extend(six.next());
        row.extend(four.next());
        if row.len() == before {
            return row;
        }
    }
}

#[cfg(test)]
mod tests;

//! What mail that a node delivers by itself needs from outside: records that say who may send for a domain, a name for this
//! host's address, and a way out to port 25.
//!
//! [`check`] compares all of it with what is configured. It sends no mail. Each look-up and connection is bounded, and so are
//! all of one domain. Deliberately absent: reputation, which nobody can look up beforehand, and the address that others see behind a
//! NAT: the addresses of this node's own name are taken for it.

mod finding;
mod host;
mod port;
mod records;

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::iter;
use tokio::time::timeout;

use super::dkim::Keys;
use crate::runtime::net::dns::Dns;
pub use finding::Finding;

/// For the records of one domain, or for this host.
const DEADLINE: Duration = Duration::from_secs(60);
/// Domains that are looked at together.
const AT_ONCE: usize = 5;
/// The port of mail hosts.
const SMTP: u16 = 25;

/// Looks at all domains that have keys, at this node's own name, and at the way to the mail hosts of `reached`, or else of
/// these domains; tells each finding once it is there.
pub async fn check(dns: &Dns, helo: Option<&str>, keys: &Keys, reached: Option<&str>, mut tell: impl FnMut(Finding)) {
    let (addresses, findings) =
        bounded("this host", host::check(dns, helo)).await.unwrap_or_else(|late| (Vec::new(), vec![late]));
    findings.into_iter().for_each(&mut tell);
    if keys.is_empty() {
        tell(Finding::missing("no domain has a DKIM key: `smsp dkim new DOMAIN` makes them in SMSP_DKIM_DIR"));
    }
    let sender = records::Sender { helo, addresses: &addresses };
    let of_domain = |(domain, keys)| async move {
        bounded(domain, records::check(dns, domain, keys, sender)).await.unwrap_or_else(|late| vec![late])
    };
    let mut domains = iter(keys.iter()).map(of_domain).buffered(AT_ONCE);
    while let Some(findings) = domains.next().await {
        findings.into_iter().for_each(&mut tell);
    }
    let reached: Vec<_> =
        reached.map_or_else(|| keys.iter().map(|(domain, _)| domain).collect(), |domain| vec![domain]);
    tell(bounded("the way out", port::check(dns, &reached, SMTP)).await.unwrap_or_else(|late| late));
}

async fn bounded<T>(what: &str, check: impl Future<Output = T>) -> Result<T, Finding> {
    let late = |_| Finding::missing(format!("{what}: no answer within {DEADLINE:?}"));
    timeout(DEADLINE, check).await.map_err(late)
}

#[cfg(test)]
mod tests;

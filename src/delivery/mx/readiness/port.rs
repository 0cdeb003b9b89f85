//! The way out: does a mail host elsewhere greet us?

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::finding::Finding;
use crate::runtime::net::dns::{Dns, Missing, Mx};

/// To connect and to be greeted.
const DEADLINE: Duration = Duration::from_secs(10);
/// Domains, mail hosts of each, and addresses of each host.
const MOST: usize = 2;

/// Tries the mail hosts of these domains, all together.
pub(super) async fn check(dns: &Dns, domains: &[&str], port: u16) -> Finding {
    let hosts = hosts(dns, domains).await;
    let tried = hosts.iter().map(|(host, address)| format!("{host} ({address})")).collect::<Vec<_>>();
    if tried.is_empty() {
        let domains = if domains.is_empty() { "any domain".to_owned() } else { domains.join(", ") };
        return Finding::missing(format!(
            "port {port}: not tried, for no mail host of {domains} can be found: name a domain that you send to, as in \
             `smsp check-config --connect DOMAIN`"
        ));
    }
    let greeted = join_all(hosts.iter().map(|(_, address)| greets(*address, port))).await;
    match greeted.iter().zip(&tried).find(|(greets, _)| **greets) {
        Some((_, host)) => Finding::good(format!("port {port}: {host} greets")),
        None => Finding::missing(format!(
            "port {port}: no greeting from {}: many networks let nobody out to port 25 until their operator is asked",
            tried.join(", ")
        )),
    }
}

/// Names and addresses of mail hosts.
async fn hosts(dns: &Dns, domains: &[&str]) -> Vec<(String, IpAddr)> {
    let mut found = Vec::new();
    for domain in domains.iter().take(MOST) {
        let mut hosts = match dns.mx(domain).await {
            // It is its own mail host (RFC 5321 5.1).
            Err(Missing::Records) => vec![Mx { preference: 0, host: (*domain).to_owned() }],
            found => found.unwrap_or_default(),
        };
        hosts.sort_by_key(|mx| mx.preference);
        for Mx { host, .. } in hosts.into_iter().filter(|mx| !mx.host.is_empty()).take(MOST) {
            let addresses = dns.addresses(&host).await.unwrap_or_default();
            found.extend(addresses.into_iter().take(MOST).map(|address| (host.clone(), address)));
        }
    }
    found
}

async fn greets(address: IpAddr, port: u16) -> bool {
    let greeting = async {
        let mut stream = TcpStream::connect(SocketAddr::from((address, port))).await.ok()?;
        let mut code = [0; 3];
        stream.read_exact(&mut code).await.ok()?;
        Some(code == *b"220")
    };
    timeout(DEADLINE, greeting).await.ok().flatten().unwrap_or(false)
}

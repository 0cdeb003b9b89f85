//! `smsp healthcheck`: does the server that runs here serve?

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(2);

/// Asks the server at this address, and prints what it answers.
pub async fn healthcheck(address: SocketAddr, print: impl FnOnce(String)) -> Result<bool, String> {
    let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build();
    let request = client.map_err(|error| error.to_string())?.get(format!("http://{address}/healthcheck"));
    let answer = request.send().await.map_err(|_| format!("no answer from {address}; is smsp serving there?"))?;
    print(format!("{address} answers {}", answer.status()));
    Ok(answer.status().is_success())
}

/// Over loopback if the server listens on every address.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

//! Calls to the admin listener with any headers, forged ones too.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use reqwest::Method;
use serde_json::Value;

use super::answer::Answer;

/// Makes one call with these headers alone, duplicates too. A body is JSON.
pub(crate) async fn call(
    address: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client can be built");
    let request = client.request(method, format!("http://{address}{path}"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Answer::to(match body {
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
        None => request,
    })
    .await
}

pub(crate) async fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    call(address, Method::GET, path, headers, None).await
}

/// Gives an order for the circuit of the mock.
pub(crate) async fn order(address: SocketAddr, headers: &[(&str, &str)], order: &Value) -> Answer {
    call(address, Method::PUT, "/circuits/mock", headers, Some(order)).await
}

/// An address of this machine that is not loopback, if it has one.
pub(crate) fn outer_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // Sends nothing: the kernel chooses the address that it would send from.
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

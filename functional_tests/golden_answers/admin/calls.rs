//! The documented calls of the admin listener, with any headers and any body.

use std::net::SocketAddr;

use reqwest::{Method, RequestBuilder};

use crate::harness::Answer;

/// For many calls: one that is made for each takes longer than a wrong key waits.
pub(super) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client can be built")
}

/// A documented call.
pub(super) fn request(http: &reqwest::Client, admin: SocketAddr, name: &str) -> RequestBuilder {
    let (method, path) = name.split_once(' ').expect("a method and a path");
    let method: Method = method.parse().expect("a method is a word");
    http.request(method, format!("http://{admin}{}", path.replace("{name}", "mg")))
}

/// Makes a documented call with these headers and this body.
pub(super) async fn make(
    admin: SocketAddr,
    name: &str,
    headers: &[(&str, &str)],
    body: impl Into<reqwest::Body>,
) -> Answer {
    let request = request(&client(), admin, name).body(body);
    Answer::to(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

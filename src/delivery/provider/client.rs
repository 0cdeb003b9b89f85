//! The HTTP client of the adapters.
//!
//! It follows no redirect (a 307 would post the mail and its key to another host), retries nothing, goes through no proxy but
//! the configured one ([`super::egress_proxy`]), asks for answers that are not compressed and closes idle connections early:
//! a provider that closes one first costs an `unknown`. It looks names up without a thread ([`crate::runtime::net::resolver`]);
//! [`failure`] says what a call without an answer proves, [`answer`] what an answer proves by its status alone.

mod answer;
mod body;
mod failure;
mod account_words;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Method, Request, RequestBuilder, Url, redirect, retry};

use super::call::Delivery;
use super::connections::Connections;
use super::kind::BASE_URL;
use super::values::{Connect, Invalid, Values};
use crate::model::outcome::Verdict;
use crate::runtime::net::resolver::Resolver;
use crate::runtime::settings::Row;
use crate::runtime::transcript;
pub(super) use account_words::names_the_account;
pub(super) use answer::{Answer, until_date};
use body::Frames;

/// Below the 30 s to 60 s after which common front ends close an idle connection.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// An HTTP/2 connection is shared by all mails, so one that has died must be noticed before its idle timeout.
const PING_INTERVAL: Duration = Duration::from_secs(5);
/// For the answer to a ping; then the connection is closed.
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// The variable of every HTTP adapter: where its API is.
pub(super) const fn base_url(default: &'static str, text: &'static str) -> Row {
    Row::with_default(BASE_URL, default, "URL", text)
}

/// As many headers as a request has once the library has added its own: a map of fewer is enlarged on the way, and the
/// library makes copies of it.
const HEADERS: usize = 8;

/// A client of one upstream, and the resolver that looks its host up.
pub(super) struct Client {
    http: reqwest::Client,
    resolver: Arc<Resolver>,
    /// What all connections lead to, instead of the endpoint.
    proxy: Option<Url>,
    /// To its endpoint or the proxy, once that is known.
    connections: OnceLock<Connections>,
}

impl Client {
    /// To its one endpoint.
    pub(super) fn post(&self, endpoint: Url) -> Post {
        let to = self.proxy.as_ref().unwrap_or(&endpoint);
        let connections = self.connections.get_or_init(|| Connections::to(to, Arc::clone(&self.resolver))).clone();
        let mut request = Request::new(Method::POST, endpoint);
        request.headers_mut().reserve(HEADERS);
        let request = RequestBuilder::from_parts(self.http.clone(), request);
        Post { request, connections, error_header: None }
    }
}

/// A request that is being made up.
pub(super) struct Post {
    request: RequestBuilder,
    connections: Connections,
    error_header: Option<&'static str>,
}

impl Post {
    pub(super) fn header<K, V>(self, name: K, value: V) -> Self
    where
        HeaderName: TryFrom<K, Error: Into<hyper::http::Error>>,
        HeaderValue: TryFrom<V, Error: Into<hyper::http::Error>>,
    {
        Self { request: self.request.header(name, value), ..self }
    }

    /// Shows this header of an answer to the operator of a probe, beside the status.
    pub(super) fn with_errors_in(self, header: &'static str) -> Self {
        Self { error_header: Some(header), ..self }
    }

    pub(super) fn bearer_auth(self, token: &str) -> Self {
        Self { request: self.request.bearer_auth(token), ..self }
    }

    pub(super) fn basic_auth(self, username: &str, password: Option<&str>) -> Self {
        Self { request: self.request.basic_auth(username, password), ..self }
    }
}

/// A client with the time limits of one upstream.
pub(super) fn build(connect: Connect) -> Result<Client, Invalid> {
    let resolver = Resolver::system(connect.timeout)
        .map_err(|_| Invalid { variable: BASE_URL, problem: "no name can be looked up: see /etc/resolv.conf" })?;
    let resolver = Arc::new(resolver);
    let builder = reqwest::Client::builder()
        .user_agent(concat!("smsp/", env!("CARGO_PKG_VERSION")))
        .default_headers(HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .dns_resolver(Arc::clone(&resolver))
        .connect_timeout(connect.timeout)
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .http2_keep_alive_while_idle(true)
        .pool_idle_timeout(IDLE_TIMEOUT);
    let builder = match &connect.proxy {
        Some(proxy) => builder.proxy(proxy.to_client()),
        None => builder,
    };
    let http = builder.build().map_err(|_| Invalid {
        variable: BASE_URL,
        problem: "no TLS client can be made: install the system's CA certificates",
    })?;
    let proxy = connect.proxy.map(|proxy| proxy.url().clone());
    Ok(Client { http, resolver, proxy, connections: OnceLock::new() })
}

/// The endpoint at `path` of the configured base URL.
pub(super) fn endpoint(values: &Values, path: &str) -> Result<Url, Invalid> {
    endpoint_at(values.get(BASE_URL), path)
}

/// The endpoint at `path` of this base URL.
pub(super) fn endpoint_at(base_url: &str, path: &str) -> Result<Url, Invalid> {
    let invalid =
        Invalid { variable: BASE_URL, problem: "must be scheme and host alone, such as https://api.example.com" };
    match Url::parse(base_url) {
        Ok(base) if is_scheme_and_host(&base) => base.join(path).map_err(|_| invalid),
        _ => Err(invalid),
    }
}

fn is_scheme_and_host(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

/// Makes the one request with this body; an error is already judged.
pub(super) async fn call(
    Post { request, connections, error_header }: Post,
    body: impl IntoIterator<Item = Bytes>,
    delivery: &Delivery<'_>,
) -> Result<Answer, Verdict> {
    delivery.hand_over.watch(connections);
    let frames = Frames::new(body, Arc::clone(&delivery.hand_over));
    let response = request.body(Body::wrap(frames)).send().await.map_err(|error| {
        transcript::record(|| failure::summary(&error));
        failure::judge(&error)
    })?;
    delivery.hand_over.answered();
    transcript::record(|| answer::summary(&response, error_header));
    Ok(Answer::new(response, delivery))
}

#[cfg(test)]
mod revoking;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_scheme_and_host_alone() {
        for (base, good) in [
            ("https://api.example.com", true),
            ("https://api.example.com/", true),
            ("http://127.0.0.1:8025", true),
            ("api.example.com", false),
            ("ftp://api.example.com", false),
            ("https://api.example.com/v3", false),
            ("https://user:pass@api.example.com", false),
            ("https://api.example.com?x=1", false),
            ("", false),
        ] {
            let mut values = Values::default();
            values.set(BASE_URL, base.into());
            assert_eq!(endpoint(&values, "v3/mail/send").is_ok(), good, "{base}");
        }
    }
}

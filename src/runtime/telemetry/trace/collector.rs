//! The collector: one request at a time, bounded in time, and what its answer means.
//!
//! It is as foreign as a provider: no redirect is followed, since the headers may hold a key; the body of an answer is read up
//! to a bound; one that makes no sense says that the spans are not known to have arrived.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, Url, redirect, retry};
use tokio::time::timeout;

use super::otlp;
use crate::runtime::net::Unusable;
use crate::runtime::net::no_connection::NoConnection;
use crate::runtime::net::resolver::Resolver;

/// For DNS, TCP and TLS.
const CONNECT: Duration = Duration::from_secs(3);
/// For a request and the head of its answer; and once more for the rest of the answer.
const REQUEST: Duration = Duration::from_secs(10);
/// Idle connections are closed before common front ends do.
const IDLE: Duration = Duration::from_secs(15);
/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 64 * 1024;

/// What became of one request.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// The collector has the spans, but for so many.
    Arrived { rejected: u64 },
    /// It may take them later; perhaps it says when.
    Later { wait: Option<Duration>, reason: String },
    /// It does not take them, or it is not known whether it has.
    Dropped { reason: String },
}

/// The collector at one URL.
pub(super) struct Collector {
    http: reqwest::Client,
    url: Url,
    /// What the log calls it: nothing of its URL that could be a secret.
    host: String,
    headers: HeaderMap,
}

impl Collector {
    /// At this URL, which wants these headers.
    pub(super) fn new(url: Url, headers: HeaderMap) -> Result<Self, Unusable> {
        let resolver = Resolver::system(CONNECT).map_err(|_| Unusable::Names)?;
        let builder = reqwest::Client::builder();
        // A machine without certificates has what it takes for HTTP.
        let builder = if url.scheme() == "https" { builder } else { builder.tls_certs_only([]) };
        let http = builder
            .user_agent(concat!("smsp/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .referer(false)
            .dns_resolver(Arc::new(resolver))
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE);
        let mut headers = headers;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let host = host(&url);
        Ok(Self { http: http.build().map_err(|_| Unusable::Tls)?, url, host, headers })
    }

    /// Its host, and its port where that is not the usual one.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Sends one body.
    pub(super) async fn post(&self, body: Bytes) -> Outcome {
        let request = self.http.post(self.url.clone()).headers(self.headers.clone()).body(body);
        match timeout(REQUEST, request.send()).await {
            Ok(Ok(response)) => judge(response).await,
            Ok(Err(error)) => Outcome::Later { wait: None, reason: why(&error).to_owned() },
            Err(_) => Outcome::Later { wait: None, reason: "timeout".to_owned() },
        }
    }
}

fn host(url: &Url) -> String {
    let (host, port) = (url.host_str().unwrap_or_default(), url.port());
    port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Why there was no answer, in the words that attempts with mails have for it.
fn why(error: &reqwest::Error) -> &'static str {
    NoConnection::of(error).map_or("connection_lost", NoConnection::as_str)
}

/// By the rules of the protocol.
async fn judge(response: Response) -> Outcome {
    let status = response.status().as_u16();
    let reason = format!("http_{status}");
    match status {
        200..=299 => match timeout(REQUEST, read(response)).await.ok().flatten().and_then(|body| otlp::rejected(&body))
        {
            Some(rejected) => Outcome::Arrived { rejected },
            None => Outcome::Dropped { reason: "unreadable_answer".to_owned() },
        },
        429 | 502 | 503 | 504 => Outcome::Later { wait: retry_after(response.headers()), reason },
        _ => Outcome::Dropped { reason },
    }
}

/// The body, unless it is longer than an answer may be, or breaks off.
async fn read(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

/// Seconds, or a date; the past is no wait.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let until = || Some(httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::now()).unwrap_or_default());
    value.parse().map(Duration::from_secs).ok().or_else(until)
}

#[cfg(test)]
mod tests;

//! The HTTP client of the adapters.
//!
//! It follows no redirect (a 307 would post the mail and its key to a stranger), retries nothing, obeys no proxy
//! variable, asks for answers that are not compressed and closes idle connections early: a provider that closes one
//! first costs an `unknown`. It looks names up
//! without a thread ([`super::resolver`]), and [`failure`] says what a call without an answer proves.

mod body;
mod connections;
mod failure;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Body, RequestBuilder, Response, StatusCode, Url, redirect, retry};

use super::resolver::Resolver;
use super::{Connect, HandOver, Invalid, Values, Variable};
use crate::outcome::{Outcome, Reason, Verdict};
use body::Frames;
pub(super) use connections::Connections;

/// Below the 30 s to 60 s after which common front ends close an idle connection.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// An HTTP/2 connection is shared by all mails, so one that has died must be noticed before its idle timeout.
const PING_INTERVAL: Duration = Duration::from_secs(5);
/// For the answer to a ping; then the connection is closed.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// More than any provider's answer, less than what could hurt.
const ANSWER_LIMIT: usize = 64 * 1024;

pub(super) const BASE_URL: &str = "BASE_URL";

/// The variable of every HTTP adapter: where its API is.
pub(super) const fn base_url(default: &'static str) -> Variable {
    Variable::with_default(BASE_URL, default)
}

/// A client of one upstream, and what is known of its connections.
pub(super) struct Client {
    http: reqwest::Client,
    connections: Connections,
}

impl Client {
    pub(super) fn post(&self, endpoint: Url) -> Post {
        Post { request: self.http.post(endpoint), connections: self.connections.clone() }
    }
}

/// A request that is being made up.
pub(super) struct Post {
    request: RequestBuilder,
    connections: Connections,
}

impl Post {
    pub(super) fn header<K, V>(self, name: K, value: V) -> Self
    where
        HeaderName: TryFrom<K, Error: Into<hyper::http::Error>>,
        HeaderValue: TryFrom<V, Error: Into<hyper::http::Error>>,
    {
        Self { request: self.request.header(name, value), ..self }
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
    let connections = Connections::default();
    let http = reqwest::Client::builder()
        .connector_layer(connections.clone())
        .user_agent(concat!("smsp/", env!("CARGO_PKG_VERSION")))
        .default_headers(HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .dns_resolver(Arc::new(resolver))
        .connect_timeout(connect.timeout)
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .http2_keep_alive_while_idle(true)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .build()
        .map_err(|_| Invalid {
            variable: BASE_URL,
            problem: "no TLS client can be made: install the system's CA certificates",
        })?;
    Ok(Client { http, connections })
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

/// A provider's answer: the status is known, the body is still on its way.
pub(super) struct Answer(Response);

/// Makes the one request with this body; an error is already judged.
pub(super) async fn call(
    Post { request, connections }: Post,
    body: impl IntoIterator<Item = Bytes>,
    hand_over: Arc<HandOver>,
) -> Result<Answer, Verdict> {
    hand_over.watch(connections);
    let request = request.body(Body::wrap(Frames::new(body, hand_over)));
    request.send().await.map(Answer).map_err(|error| failure::judge(&error))
}

impl Answer {
    pub(super) fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// The verdict where the status alone decides, with the wait that a Retry-After header asks for.
    pub(super) fn verdict(&self) -> Verdict {
        by_status(self.status()).waiting(retry_after(self.0.headers()))
    }

    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.0.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// As much of the body as arrives, at most 64 KiB; what is no UTF-8 is replaced.
    pub(super) async fn text(mut self) -> String {
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = self.0.chunk().await {
            let room = ANSWER_LIMIT - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == ANSWER_LIMIT {
                break;
            }
        }
        String::from_utf8_lossy(&body).into_owned()
    }
}

/// A 2xx is accepted; a redirect shows that the base URL is wrong; a
/// 4xx is refused, but for those that a gateway or an idempotency layer gives while the provider may go on; every 5xx is
/// unknown.
fn by_status(status: StatusCode) -> Verdict {
    let reason = Reason::Status(status.as_u16());
    let outcome = match status.as_u16() {
        200..=299 => Outcome::Accepted,
        301 | 302 | 307 | 308 => return Verdict::new(Outcome::Unavailable, Reason::WrongBaseUrl),
        401 | 402 | 404 => Outcome::AccountRefused,
        408 | 409 | 425 | 499 => Outcome::Unknown,
        // Another may take a larger one.
        413 => Outcome::NotCapable,
        429 => Outcome::Throttled,
        400..=499 => Outcome::Unclassified,
        _ => Outcome::Unknown,
    };
    Verdict::new(outcome, reason)
}

/// Does a 403 name the account's key, rights, plan, credits or suspension?
pub(super) fn names_the_account(text: &str) -> bool {
    const WORDS: [&str; 12] = [
        "key",
        "keys",
        "scope",
        "scopes",
        "permission",
        "permissions",
        "plan",
        "credit",
        "credits",
        "suspended",
        "suspension",
        "disabled",
    ];
    // Whole ones: a domain that the answer repeats may hold any of them.
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && !".-@_".contains(c));
    words.any(|word| WORDS.contains(&word.trim_end_matches('.').to_ascii_lowercase().as_str()))
}

/// The wait that a Retry-After header asks for: seconds or a date (RFC 9110 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    value.parse().map(Duration::from_secs).ok().or_else(|| until_date(value))
}

/// From now to an HTTP date (RFC 9110 5.6.7); the past is no wait.
pub(super) fn until_date(date: &str) -> Option<Duration> {
    let date = httpdate::parse_http_date(date).ok()?;
    Some(date.duration_since(std::time::SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod revoking;

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn wait(value: &'static str) -> Option<Duration> {
        retry_after(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]))
    }

    #[test]
    fn retry_after_reads_seconds_and_dates_and_nothing_else() {
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert!(wait("Fri, 31 Dec 2100 23:59:59 GMT").is_some_and(|wait| wait > Duration::from_secs(3600)));
        for value in ["", "-1", "soon", "1.5", "99999999999999999999999"] {
            assert_eq!(wait(value), None, "{value:?}");
        }
    }

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
            values.set(&base_url(""), base.into());
            assert_eq!(endpoint(&values, "v3/mail/send").is_ok(), good, "{base}");
        }
    }

    #[test]
    fn the_status_alone_never_proves_more_than_it_says() {
        for (status, outcome) in [
            (200, Outcome::Accepted),
            (202, Outcome::Accepted),
            (300, Outcome::Unknown),
            (301, Outcome::Unavailable),
            (304, Outcome::Unknown),
            (307, Outcome::Unavailable),
            (400, Outcome::Unclassified),
            (401, Outcome::AccountRefused),
            (403, Outcome::Unclassified),
            (404, Outcome::AccountRefused),
            (408, Outcome::Unknown),
            (409, Outcome::Unknown),
            (413, Outcome::NotCapable),
            (429, Outcome::Throttled),
            (499, Outcome::Unknown),
            (500, Outcome::Unknown),
            (503, Outcome::Unknown),
            (599, Outcome::Unknown),
        ] {
            assert_eq!(by_status(StatusCode::from_u16(status).unwrap()).outcome, outcome, "{status}");
        }
    }
}

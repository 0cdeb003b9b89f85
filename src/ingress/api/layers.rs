//! What every request passes: an id, a line in the log, a count; the refusal of what cannot be read; no panic.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, debug, info, info_span};
use uuid::Uuid;

use super::caller::Seen;
use super::problem::{self, Kind, Problem};
use super::refusal::OVERLOADED;
use crate::ingress::server::hardening::harden;
use crate::ingress::server::listener::Crowded;
use crate::runtime::metrics::Metrics;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const HEALTHCHECK: &str = "/healthcheck";
const MAX_REQUEST_ID_LEN: usize = 128;
/// The longest wait that a shed client is asked for: seconds.
const MAX_RETRY_AFTER: u64 = 5;

/// What it takes to pass.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) metrics: Arc<Metrics>,
    /// Bytes.
    pub(super) max_body: usize,
}

/// Gives the request its id, then the answer the same id, a line in the log and a count. One layer for all: each that
/// the framework is given of its own costs every request a handful of allocations.
pub(super) async fn pass(State(rules): State<Rules>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let path = path.as_ref().map_or("other", MatchedPath::as_str);
    let caller = Seen::default();
    request.extensions_mut().insert(caller.clone());
    let span = info_span!("request", request_id = %id, caller = Empty);
    let mut response = problem::write(answer(&rules, request, next).instrument(span.clone()).await, &id);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    harden(response.headers_mut());
    rules.metrics.request(path, response.status().as_u16(), caller.0.get().map_or("", |name| name));
    span.in_scope(|| log(&method, path, response.status(), start));
    response
}

/// A panic is the problem of one request.
async fn answer(rules: &Rules, request: Request, next: Next) -> Response {
    let refused =
        shed_over_capacity(&rules.metrics, &request).and_then(|()| refuse_unreadable(rules.max_body, &request));
    if let Err(problem) = refused {
        return problem.into_response();
    }
    AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| panicked().into_response())
}

/// The caller's own id if it is short and plain, so that it can be found in our log; else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(X_REQUEST_ID).and_then(|id| id.to_str().ok());
    let plain = |id: &&str| {
        (1..=MAX_REQUEST_ID_LEN).contains(&id.len())
            && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/+=".contains(c))
    };
    given.filter(plain).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

fn log(method: &Method, path: &str, status: StatusCode, start: Instant) {
    let status = status.as_u16();
    // As a number: JSON logs write 128 bits as text.
    let duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    // Load balancers ask every second, and learn nothing new.
    if path == HEALTHCHECK {
        debug!(%method, path, status, duration_ms, "request");
    } else {
        info!(%method, path, status, duration_ms, "request");
    }
}

/// Beyond the limit of connections only health checks are served: a load balancer must learn that this node lives.
fn shed_over_capacity(metrics: &Metrics, request: &Request) -> Result<(), Problem> {
    let crowded = request.extensions().get::<Crowded>().is_some();
    if !crowded || request.uri().path() == HEALTHCHECK {
        return Ok(());
    }
    metrics.edge.shed("connections");
    let retry_after = Duration::from_secs(fastrand::u64(1..=MAX_RETRY_AFTER));
    Err(Problem::new(Kind::Overloaded, OVERLOADED).retry_after(retry_after))
}

/// Refuses by the headers alone, before any work for a caller who is not known yet, what is too large, or compressed (a
/// bomb, or just not understood).
fn refuse_unreadable(max_body: usize, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > max_body as u64) {
        return Err(Problem::too_large(max_body));
    }
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Problem::new(Kind::UnsupportedMediaType, "Send the body without a Content-Encoding."));
    }
    Ok(())
}

/// What a panic outside of a send is answered with.
fn panicked() -> Problem {
    Problem::new(Kind::InternalError, "This service failed; it may or may not have handed over the mail.")
}

pub(super) async fn not_found() -> Problem {
    Problem::not_found()
}

pub(super) async fn method_not_allowed() -> Problem {
    Problem::new(
        Kind::MethodNotAllowed,
        "This path answers the methods that the Allow header names; mail is sent with POST /email.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_the_problem_of_one_request_and_tells_nothing_but_that() {
        use axum::Router;
        use axum::body::Body;
        use axum::routing::get;
        use tower::ServiceExt;

        let boom = || async {
            if true {
                panic!("a@b.org")
            }
        };
        let rules = Rules { metrics: Arc::default(), max_body: 1 };
        let layer = axum::middleware::from_fn_with_state(rules, pass);
        let router: Router = Router::new().route("/boom", get(boom)).layer(layer);
        let response = router.oneshot(Request::get("/boom").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&body["delivery"], &body["retryable"]), (&"unknown".into(), &false.into()), "{body}");
        assert!(!body.to_string().contains("a@b.org"), "{body}");
    }

    #[test]
    fn only_a_sane_request_id_is_kept() {
        let id_of =
            |value: &[u8]| request_id(&HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_bytes(value).unwrap())]));
        assert_eq!(id_of(b"req-1_a.b:c/d+e="), "req-1_a.b:c/d+e=");
        for insane in [&b""[..], b"a b", b"a\tb", "ü".as_bytes(), b"<script>", "x".repeat(129).as_bytes()] {
            assert!(Uuid::parse_str(&id_of(insane)).is_ok(), "{insane:?}");
        }
    }
}

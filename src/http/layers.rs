//! What every request passes: an id, a line in the log, a count; the refusal of what cannot be read; no panic.

use std::any::Any;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, debug, info, info_span};
use uuid::Uuid;

use super::caller::Seen;
use super::hardening::harden;
use super::listener::Crowded;
use super::load::Load;
use super::problem::{self, Kind, Problem};
use crate::metrics::Metrics;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const HEALTHCHECK: &str = "/healthcheck";
const LONGEST_REQUEST_ID: usize = 128;

/// Gives the request its id, then the answer the same id, a line in the log and a count.
pub(super) async fn account(State(metrics): State<Arc<Metrics>>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let path =
        request.extensions().get::<MatchedPath>().map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let caller = Seen::default();
    request.extensions_mut().insert(caller.clone());
    let span = info_span!("request", request_id = %id, caller = Empty);
    let mut response = problem::write(next.run(request).instrument(span.clone()).await, &id);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    harden(response.headers_mut());
    metrics.request(&path, response.status().as_u16(), caller.0.get().map_or("", |name| name));
    span.in_scope(|| log(&method, &path, response.status(), start));
    response
}

/// The caller's own id if it is short and plain, so that it can be found in our log; else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(X_REQUEST_ID).and_then(|id| id.to_str().ok());
    let plain = |id: &&str| {
        (1..=LONGEST_REQUEST_ID).contains(&id.len())
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

/// Beyond the limit of connections only health checks are served.
pub(super) async fn shed_the_crowd(State(load): State<Arc<Load>>, request: Request, next: Next) -> Response {
    if request.extensions().get::<Crowded>().is_some() && request.uri().path() != HEALTHCHECK {
        return load.shed("connections").into_response();
    }
    next.run(request).await
}

/// Refuses by the headers alone what is too large, or compressed (a bomb, or just not understood).
pub(super) async fn refuse_unreadable(State(max_body): State<usize>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > max_body as u64) {
        return Problem::too_large(max_body).into_response();
    }
    if headers.contains_key(CONTENT_ENCODING) {
        return Problem::new(Kind::UnsupportedMediaType, "Send the body without a Content-Encoding.").into_response();
    }
    next.run(request).await
}

/// What a panic outside of the send task is answered with.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    Problem::new(Kind::Panicked, "A fault of this service; it may or may not have handed over the mail.")
        .into_response()
}

pub(super) async fn not_found() -> Problem {
    Problem::not_found()
}

pub(super) async fn method_not_allowed() -> Problem {
    Problem::new(Kind::MethodNotAllowed, "This path answers the methods that the Allow header names.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_the_problem_of_one_request_and_tells_nothing_but_that() {
        use axum::Router;
        use axum::body::Body;
        use axum::routing::get;
        use tower::{ServiceBuilder, ServiceExt};
        use tower_http::catch_panic::CatchPanicLayer;

        let boom = || async {
            if true {
                panic!("a@b.org")
            }
        };
        let layers = ServiceBuilder::new()
            .layer(axum::middleware::from_fn_with_state(Arc::new(Metrics::default()), account))
            .layer(CatchPanicLayer::custom(panicked));
        let router: Router = Router::new().route("/boom", get(boom)).layer(layers);
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

//! The admin listener: is this node alive and ready, how are its circuits, and orders for them.
//!
//! `/livez`, `/readyz` and `/metrics` are open, because orchestrators and Prometheus ask for them, and so is the document of
//! it all. `/circuits`, `/audit` and `/route` want a viewer and orders an operator, by key, or from this machine where no
//! keys are set; so does `/outbox`, where the outbox is on, and `/sites`, where mail may go to its recipients' own servers. Deliberately absent: sending mail, and anything that a browser
//! could run.

mod accepted_format;
mod access;
mod audit;
mod circuits;
mod document;
mod field_names;
#[cfg(test)]
mod fixture;
mod health;
mod loopback;
mod object;
mod order;
mod outbox;
mod query;
mod refusal;
mod responses;
mod route;
mod routes;
mod sites;
mod state;
mod upstream_row;
mod words;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use tower_http::timeout::TimeoutLayer;

use crate::access::admins::Refusal;
use crate::ingress::server::problem::Problem;
use crate::ingress::server::rules::Rules;
use crate::ingress::server::service::Service;
pub use document::document;
pub use field_names::FIELD_NAMES;
use routes::Parts;
pub use state::{AdminState, Explain};

/// Longer than any request takes whose body arrives, an erasure in steps included.
const TIMEOUT: Duration = Duration::from_secs(16);

/// An order has less than 100 bytes.
const MAX_BODY: usize = 64 * 1024;

/// The admin listener, ready to be served.
pub fn service(state: AdminState) -> Service {
    let rules = Rules {
        max_body: MAX_BODY,
        larger_body: Some((route::PATH, state.max_mail)),
        monitored: &["/livez", "/readyz", "/metrics"],
        sheds_over_capacity: false,
        fields: [&FIELD_NAMES, state.field_names_of_mail],
        write: |refusal| Problem::from(refusal).into_response(),
        other_form: None,
    };
    let metrics = Arc::clone(&state.metrics);
    metrics.admin.expect_refusals(&Refusal::REASONS);
    let parts = Parts { outbox: state.outbox.is_some(), sites: state.sites.is_some() };
    let (mut router, documented) = routes::routes(parts).split_for_parts();
    let mut patterns: Vec<_> = documented.paths.paths.keys().map(String::as_str).collect();
    if state.docs {
        router = router.merge(document::routes(parts));
        patterns.push(document::PATTERN);
    }
    Service::new(limited(router).with_state(state), patterns, rules, metrics)
}

fn limited(router: Router<AdminState>) -> Router<AdminState> {
    router
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, TIMEOUT))
        .layer(map_response(write_timeout))
}

/// The layer that limits the time answers without a body.
async fn write_timeout(response: Response) -> Response {
    if response.status() == StatusCode::REQUEST_TIMEOUT { refusal::timed_out().into_response() } else { response }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::body::Body;
    use axum::http::Request;
    use axum::http::header::{CONTENT_TYPE, HOST};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_order_that_does_not_arrive_is_given_up() {
        let stalled = Body::from_stream(futures_util::stream::pending::<Result<&[u8], std::io::Error>>());
        let order = Request::put("/circuits/u").header(CONTENT_TYPE, "application/json").header(HOST, "localhost");
        let (order, peer) = (order.body(stalled).unwrap(), SocketAddr::from(([127, 0, 0, 1], 1)));
        let start = Instant::now();
        let answer = service(fixture::state()).answer(order, peer, false).await;
        assert_eq!((answer.status(), start.elapsed()), (StatusCode::REQUEST_TIMEOUT, TIMEOUT));
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/problem+json");
    }
}

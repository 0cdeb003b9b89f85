//! One HTTP service, and what every request passes on its way to its route and back.
//!
//! A request gets its [`RequestContext`]; what cannot be served is refused by its head alone; a panic ends one request.
//! The answer gets the request's id and hardened headers, and becomes a line in the log and a count. All of this is one
//! function and no layer of the router: each layer costs every request a few allocations.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderValue, Method};
use axum::response::Response;
use bytes::Bytes;
use futures_util::FutureExt;
use tower::ServiceExt;
use tower::layer::layer_fn;
use tracing::field::{Empty, display};
use tracing::{Instrument, debug, error_span, info};

use super::context::{Items, RequestContext, X_REQUEST_ID};
use super::hardening::harden;
use super::logged::LoggedProblem;
use super::refusal::Refusal;
use super::request_trace;
use super::rules::Rules;
use crate::runtime::metrics::{Metrics, RequestMetrics, ShedReason};
use crate::runtime::millis::millis;
use crate::runtime::telemetry::trace::{self, Tracer};

/// The longest wait that a client is asked for when there are too many connections: seconds.
const MAX_RETRY_AFTER: u64 = 5;

/// The routes of a listener with its rules.
#[derive(Clone)]
pub struct Service {
    router: Router,
    rules: Rules,
    metrics: Arc<Metrics>,
    requests: Arc<RequestMetrics>,
    tracer: Tracer,
}

impl Service {
    /// Serves these routes, which have these patterns; a path or method that they do not have is refused.
    pub fn new<'a>(
        router: Router,
        patterns: impl IntoIterator<Item = &'a str>,
        rules: Rules,
        metrics: Arc<Metrics>,
    ) -> Self {
        let refuse = move |refusal| move || std::future::ready(rules.refused(refusal));
        let router = router
            .fallback(refuse(Refusal::NotFound))
            .method_not_allowed_fallback(refuse(Refusal::MethodNotAllowed))
            .layer(layer_fn(RecordRoute));
        let requests = Arc::new(metrics.requests.of(patterns));
        Self { router, rules, metrics, requests, tracer: Tracer::default() }
    }

    /// Records the traces that this one chooses.
    pub fn traced_by(self, tracer: Tracer) -> Self {
        Self { tracer, ..self }
    }

    /// Answers one request of this peer. `over_capacity`: it came on a connection beyond the limit.
    pub async fn answer<B>(&self, request: axum::http::Request<B>, peer: SocketAddr, over_capacity: bool) -> Response
    where
        B: HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + 'static,
    {
        let method = known(request.method());
        let trace = request_trace::begin(&self.tracer, request.headers(), self.is_monitored(request.uri().path()));
        let context = RequestContext::new(request.headers(), peer, over_capacity);
        let trace_id = trace.id().map(display);
        // Of the highest level, so that its fields stand in every line that is written at all.
        let span = error_span!("request", request_id = %context.id(), trace_id, caller = Empty);
        let work = trace::scope(trace.recording().cloned(), self.route(request));
        let (mut response, context) = context.scope(work.instrument(span.clone())).await;
        if let Some(context) = context {
            let took = context.started().elapsed();
            self.finish(&mut response, &context, took);
            let status = response.status().as_u16();
            span.in_scope(|| self.log(method, &context, status, took));
            trace
                .recording()
                .into_iter()
                .for_each(|recording| request_trace::finish(recording, method, &context, status));
        }
        response
    }

    /// The answer of the route, unless the head is refused or the route panics.
    async fn route<B>(&self, request: axum::http::Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + 'static,
    {
        if let Some(refusal) = self.refuse(&request) {
            if let Some(pattern) = self.requests.pattern(request.uri().path()) {
                RequestContext::with(|context| context.set_refused_at(pattern));
            }
            return self.rules.refused(refusal);
        }
        match AssertUnwindSafe(self.router.clone().oneshot(request)).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => self.rules.refused(Refusal::Panicked),
        }
    }

    /// Refuses by the head alone, before any work for a client that is not known yet.
    fn refuse<B>(&self, request: &axum::http::Request<B>) -> Option<Refusal> {
        let over_capacity = RequestContext::with(RequestContext::is_over_capacity).unwrap_or_default();
        if over_capacity && self.rules.sheds_over_capacity && !self.is_monitored(request.uri().path()) {
            self.metrics.edge.shed(ShedReason::Connections);
            return Some(Refusal::OverCapacity {
                retry_after: Duration::from_secs(fastrand::u64(1..=MAX_RETRY_AFTER)),
            });
        }
        let (headers, max_body) = (request.headers(), self.rules.max_body_at(request.uri().path()));
        let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > max_body as u64) {
            return Some(Refusal::TooLarge { max_body });
        }
        headers.contains_key(CONTENT_ENCODING).then_some(Refusal::Encoded)
    }

    fn is_monitored(&self, path: &str) -> bool {
        self.rules.monitored.contains(&path)
    }

    /// Adds what every answer has, and counts it.
    fn finish(&self, response: &mut Response, context: &RequestContext, took: Duration) {
        if let Ok(id) = HeaderValue::from_str(context.id()) {
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
        harden(response.headers_mut(), context.is_page());
        let (status, caller) = (response.status().as_u16(), context.caller().unwrap_or_default());
        self.requests.answered(context.route(), status, caller, took);
    }

    fn log(&self, method: &str, context: &RequestContext, status: u16, took: Duration) {
        let path = context.route().unwrap_or("other");
        let duration_ms = millis(took);
        let written = context.take_problem();
        let problem = written.as_ref().map(LoggedProblem::name);
        let id = context.resource().map(display);
        let (items, refused) = context.items().map(|Items { all, refused }| (all, refused)).unzip();
        let fields = || written.as_ref().and_then(|problem| problem.fields(&self.rules.fields));
        if self.is_monitored(path) {
            debug!(method, path, status, duration_ms, id, items, refused, problem, fields = fields(), "request");
        } else {
            info!(method, path, status, duration_ms, id, items, refused, problem, fields = fields(), "request");
        }
    }
}

/// The methods of HTTP by name: a client may make up others, of any length.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => "other",
    }
}

/// Records the pattern of the route in the context of the request: only a layer inside of the router can see it.
#[derive(Clone)]
struct RecordRoute<S>(S);

impl<S: tower::Service<Request>> tower::Service<Request> for RecordRoute<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> S::Future {
        if let Some(route) = request.extensions().get::<MatchedPath>() {
            RequestContext::with(|context| context.set_route(route.clone()));
        }
        self.0.call(request)
    }
}

#[cfg(test)]
mod tests;

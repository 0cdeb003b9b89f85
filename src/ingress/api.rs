//! The public door: HTTP/1.1 in, one [`Message`](crate::model::message::Message) to the dispatcher, one answer out.
//!
//! Read top to bottom: the routes, then what every request passes on its way to one. Every answer of a handler that
//! is not a success is a [`problem`]. TLS and HTTP/2 end at the load balancer in front.

pub mod caller;
mod delivery;
mod document;
mod email;
mod hardening;
mod healthcheck;
mod layers;
pub mod load;
pub mod listener;
mod problem;
mod query;
mod replayed;
mod wire;
mod wishes;

use std::sync::Arc;
use std::time::Duration;

use axum::{Router, middleware};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use caller::Callers;
pub use document::document;
use load::Load;

use crate::delivery::dispatch::Dispatcher;
use crate::runtime::metrics::Metrics;
use crate::runtime::shutdown::Shutdown;

/// What the public door asks of its callers.
#[derive(Clone)]
pub struct Settings {
    /// Whether the document and its UI are served.
    pub docs: bool,
    /// What the document tells of the providers, in Markdown.
    pub providers: String,
    /// Bytes of a request body, at most.
    pub max_body: usize,
    /// For a whole request body, beside what it earns by the bytes that have come.
    pub body_timeout: Duration,
    /// What one mail may hold.
    pub mail: MailLimits,
}

/// How many of each one mail may hold, at most.
#[derive(Clone, Copy)]
pub struct MailLimits {
    /// To, Cc and Bcc together.
    pub recipients: usize,
    /// Files.
    pub attachments: usize,
    /// Headers of the caller's.
    pub headers: usize,
}

impl MailLimits {
    /// What an operator may set: more than any provider takes, and little enough for the memory that a hostile list costs.
    pub const MOST: Self = Self { recipients: 10_000, attachments: 1000, headers: 200 };
}

/// What the handlers share.
#[derive(Clone)]
pub struct Door {
    /// Where mail goes.
    pub dispatcher: Arc<Dispatcher>,
    /// Who may call.
    pub callers: Arc<Callers>,
    /// What is taken on at once.
    pub load: Arc<Load>,
    /// The rules of this door.
    pub settings: Arc<Settings>,
    /// Are we leaving?
    pub shutdown: Shutdown,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
}

/// The handlers, each registered together with its part of the document.
fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(email::send)).routes(routes!(healthcheck::healthcheck))
}

/// The door, ready to be served.
pub fn router(door: Door) -> Router {
    let mut router = Router::from(routes());
    if door.settings.docs {
        router = router.merge(document::routes(&door.settings.providers));
    }
    let (load, metrics) = (Arc::clone(&door.load), Arc::clone(&door.metrics));
    let rules = layers::Rules { load, metrics, max_body: door.settings.max_body };
    router
        .fallback(layers::not_found)
        .method_not_allowed_fallback(layers::method_not_allowed)
        .layer(middleware::from_fn_with_state(rules, layers::pass))
        .with_state(door)
}

//! The API listener: HTTP/1.1 in, one [`Submission`](crate::model::submission::Submission) to be sent, one answer out.
//!
//! Every answer that is not a success is a [`problem`]. TLS and HTTP/2 end at the load balancer in front.

mod attempt;
mod caller;
mod delivery;
mod document;
mod email;
mod field_names;
mod healthcheck;
mod mail_attributes;
mod mail_id;
mod outbox;
mod prefer;
mod problem;
mod query;
mod queueing;
mod refusal;
mod replayed;
mod route;
mod routes;
mod send_options;
pub mod settings;
mod state;
mod wire;
mod words;

use std::sync::Arc;

use axum::response::IntoResponse;

use crate::ingress::server::beside::Beside;
use crate::ingress::server::rules::Rules;
use crate::ingress::server::service::Service;
pub use document::document;
pub use field_names::FIELD_NAMES;
use problem::Problem;
pub use route::explain_for;
use routes::Served;
pub use settings::{MailLimits, Settings};
pub use state::ApiState;

/// The API, ready to be served, with what stands beside it at its listener.
pub fn service(state: ApiState, beside: Option<Beside>) -> Service {
    let served = Served { store: state.store.is_some(), outbox: state.outbox.is_some() };
    let (mut router, documented) = routes::routes(served).split_for_parts();
    let mut patterns: Vec<_> = documented.paths.paths.keys().map(String::as_str).collect();
    if state.settings.docs {
        let others = beside.as_ref().map(|beside| beside.document.clone());
        router = router.merge(document::routes(&state.settings.providers, served, others));
        patterns.extend(document::PATTERNS);
    }
    let form = beside.as_ref().map(|beside| beside.form);
    patterns.extend(form.map_or(&[][..], |form| form.paths));
    let rules = Rules {
        max_body: state.settings.max_body,
        larger_body: None,
        monitored: &["/healthcheck"],
        sheds_over_capacity: true,
        fields: [&FIELD_NAMES, beside.as_ref().map_or(&[], |beside| beside.fields)],
        write: |refusal| Problem::from(refusal).into_response(),
        other_form: form,
    };
    let (metrics, tracer) = (Arc::clone(&state.metrics), state.tracer.clone());
    let mut router = router.with_state(state);
    if let Some(beside) = beside {
        router = router.merge(beside.router);
    }
    Service::new(router, patterns, rules, metrics).traced_by(tracer)
}

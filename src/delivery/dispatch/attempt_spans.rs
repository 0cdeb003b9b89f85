//! The spans of a mail's attempts, made when the mail is over from what its answer knows of them; where no trace is recorded,
//! nothing is made.

use std::sync::Arc;

use crate::delivery::upstream::{Server, Upstream};
use crate::model::outcome::{Blame, Outcome, Reason};
use crate::model::receipt::{Answer, Attempt};
use crate::runtime::telemetry::trace::{self, Attribute, Kind, SpanData, Value};

/// Adds the attempts of this answer to the trace of now.
pub(super) fn record(upstreams: &[Arc<Upstream>], answer: &Answer) {
    record_attempts(upstreams, answer.as_ref().map_or_else(|error| &error.attempts, |receipt| &receipt.attempts));
}

/// Adds these attempts. A mail that was not handed over was at nobody.
pub(super) fn record_attempts(upstreams: &[Arc<Upstream>], attempts: &[Attempt]) {
    let Some(recording) = trace::current() else { return };
    for (attempt, took) in attempts.iter().filter_map(|attempt| Some((attempt, attempt.took?))) {
        let upstream = upstreams.iter().find(|upstream| *upstream.name() == attempt.upstream);
        let start = attempt.ended_at.checked_sub(took).unwrap_or(attempt.ended_at);
        recording.add(span_data(attempt, upstream.map(|upstream| &**upstream)), (start, attempt.ended_at));
    }
}

fn span_data(Attempt { upstream: name, verdict, .. }: &Attempt, upstream: Option<&Upstream>) -> SpanData {
    let outcome = verdict.outcome.as_str();
    let is_error = !matches!(verdict.blame(), Blame::Success | Blame::Neutral) || verdict.outcome == Outcome::Unknown;
    let mut attributes: Vec<Attribute> = vec![
        ("smsp.upstream", Arc::clone(name).into()),
        ("smsp.outcome", outcome.into()),
        ("smsp.reason", verdict.reason.to_string().into()),
    ];
    attributes
        .extend(upstream.and_then(Upstream::server).into_iter().flat_map(|server| of_server(server, verdict.reason)));
    attributes.extend(is_error.then(|| ("error.type", Value::from(outcome))));
    SpanData { name: format!("attempt {name}").into(), kind: Kind::Client, attributes, is_error }
}

/// What OpenTelemetry's conventions for HTTP clients say of a call, as far as it is known here. Deliberately absent:
/// `url.full`, whose path names the account at some providers.
fn of_server(Server { host, port, is_http }: &Server, reason: Reason) -> impl Iterator<Item = Attribute> {
    let status = match reason {
        Reason::Status(status) if *is_http => Some(status),
        _ => None,
    };
    let all = [
        Some(("server.address", Value::from(Arc::clone(host)))),
        port.map(|port| ("server.port", port.into())),
        is_http.then(|| ("http.request.method", "POST".into())),
        status.map(|status| ("http.response.status_code", status.into())),
    ];
    all.into_iter().flatten()
}

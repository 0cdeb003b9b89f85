//! The spans of a mail's attempts, made when the mail is over from what its answer knows of them; where no trace is recorded,
//! nothing is made.

use std::sync::Arc;

use crate::delivery::upstream::Upstream;
use crate::model::outcome::{Blame, Outcome};
use crate::model::receipt::{Answer, Attempt};
use crate::runtime::telemetry::trace::{self, About, Attribute, Kind, Value};

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
        recording.add(about(attempt, upstream.map(|upstream| &**upstream)), (start, attempt.ended_at));
    }
}

fn about(Attempt { upstream: name, verdict, .. }: &Attempt, upstream: Option<&Upstream>) -> About {
    let outcome = verdict.outcome.as_str();
    let is_error = !matches!(verdict.blame(), Blame::Success | Blame::Neutral) || verdict.outcome == Outcome::Unknown;
    let mut attributes: Vec<Attribute> = vec![
        ("smsp.upstream", Arc::clone(name).into()),
        ("smsp.outcome", outcome.into()),
        ("smsp.reason", verdict.reason.to_string().into()),
    ];
    attributes.extend(upstream.and_then(Upstream::server_address).map(|host| ("server.address", Value::from(host))));
    attributes.extend(is_error.then(|| ("error.type", Value::from(outcome))));
    About { name: format!("attempt {name}").into(), kind: Kind::Client, attributes, is_error }
}

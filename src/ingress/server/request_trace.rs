//! The trace of a request: which one it belongs to by its `traceparent`, and its span (OpenTelemetry's conventions for HTTP).
//!
//! The path, the host and an unknown method as the client wrote them are in no span: they may hold anything. The pattern of
//! the route is.

use axum::http::{HeaderMap, HeaderName};
use tokio::time::Instant;

use super::context::RequestContext;
use crate::runtime::telemetry::trace::{Attribute, Kind, Parent, Recording, SpanData, Trace, Tracer, Value};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The trace of a request that begins now. `is_monitored`: it is one of those that a monitor asks again and again, of which
/// nothing is recorded.
pub(super) fn begin(tracer: &Tracer, headers: &HeaderMap, is_monitored: bool) -> Trace {
    let parent = parent(headers);
    if is_monitored {
        return Trace::followed(parent);
    }
    tracer.begin(parent, Instant::now())
}

/// Ends the span of a request that was answered.
pub(super) fn finish(recording: &Recording, method: &'static str, context: &RequestContext, status: u16) {
    let (method, shown) = if method == "other" { ("_OTHER", "HTTP") } else { (method, method) };
    let mut attributes: Vec<Attribute> = vec![
        ("http.request.method", method.into()),
        ("url.scheme", "http".into()),
        ("http.response.status_code", status.into()),
    ];
    attributes.extend(context.route().map(|route| ("http.route", Value::from(route.to_owned()))));
    attributes.extend(context.caller().map(|caller| ("smsp.caller", Value::from(caller.to_owned()))));
    let is_error = status >= 500;
    attributes.extend(is_error.then(|| ("error.type", Value::from(status.to_string()))));
    let name = context.route().map_or(shown.to_owned(), |route| format!("{shown} {route}")).into();
    recording.finish(SpanData { name, kind: Kind::Server, attributes, is_error }, Instant::now().into_std());
}

/// The one header; several are as good as none.
fn parent(headers: &HeaderMap) -> Option<Parent> {
    let mut given = headers.get_all(TRACEPARENT).iter();
    let (first, second) = (given.next()?, given.next());
    second.map_or_else(|| Parent::parse(first.as_bytes()), |_| None)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn id(given: &[&'static str]) -> Option<String> {
        let headers = given.iter().map(|value| (TRACEPARENT, HeaderValue::from_static(value)));
        let mut all = HeaderMap::new();
        headers.for_each(|(name, value)| {
            all.append(name, value);
        });
        begin(&Tracer::default(), &all, false).id().map(|id| id.to_string())
    }

    #[test]
    fn one_sound_header_names_the_trace_and_nothing_else_does() {
        assert_eq!(id(&[GIVEN]).as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        for given in [&[][..], &[GIVEN, GIVEN], &["00-x"]] {
            assert_eq!(id(given), None, "{given:?}");
        }
    }
}

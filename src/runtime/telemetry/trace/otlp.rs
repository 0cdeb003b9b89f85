//! The OpenTelemetry Protocol as JSON (OTLP 1.x, over HTTP): the request that carries spans, and what its answer says.
//!
//! As the protocol wants it, other than Protocol Buffers in JSON usually are: ids are hex digits, enumerations numbers. By
//! hand: the official crates are two dozen, for these few fields. An answer is foreign: it is read as far as it makes sense.

use std::fmt::Display;

use bytes::Bytes;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use super::span::{Attribute, Kind, Span, Value};

/// Who makes the spans.
const SCOPE: Scope = Scope { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
/// In the flags of a span: the trace is recorded, and it is said whether the parent is another program's.
const FLAGS: u32 = 0x101;
/// The parent is another program's.
const HAS_REMOTE_PARENT: u32 = 0x200;
/// The status of a span that failed.
const ERROR: u32 = 2;

/// The body that carries these spans of this resource.
pub(super) fn request(resource: &[(String, String)], spans: &[Span]) -> Bytes {
    let spans = spans.iter().map(WrittenSpan).collect();
    let attributes = resource.iter().map(|(key, value)| KeyValue { key, value: AnyValue::StringValue(value) });
    let resource = Resource { attributes: attributes.collect() };
    let resource_spans = [ResourceSpans { resource, scope_spans: [ScopeSpans { scope: SCOPE, spans }] }];
    // Strings, numbers and lists of them: that always serialises.
    serde_json::to_vec(&Request { resource_spans }).unwrap_or_default().into()
}

/// How many spans the collector has rejected, of those that it answered an accepting status to; `None`: it does not
/// answer as a collector does.
pub(super) fn rejected(answer: &[u8]) -> Option<u64> {
    if answer.is_empty() {
        return Some(0);
    }
    let answer: serde_json::Map<String, Json> = serde_json::from_slice(answer).ok()?;
    let rejected = answer.get("partialSuccess").and_then(|partial| partial.get("rejectedSpans"));
    // 64 bits are text; some write a number all the same, and null is as good as nothing.
    let number = |rejected: &Json| match rejected {
        Json::Null => Some(0),
        Json::String(text) => text.parse().ok(),
        rejected => rejected.as_u64().or_else(|| rejected.as_f64().filter(|number| *number == 0.0).map(|_| 0)),
    };
    rejected.map_or(Some(0), number)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Resource<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct Resource<'a> {
    attributes: Vec<KeyValue<'a>>,
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope,
    spans: Vec<WrittenSpan<'a>>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct KeyValue<'a> {
    key: &'a str,
    value: AnyValue<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum AnyValue<'a> {
    StringValue(&'a str),
    IntValue(Text<i64>),
}

#[derive(Serialize)]
struct Status {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u32>,
}

/// A value that is written as text.
struct Text<T>(T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

struct WrittenSpan<'a>(&'a Span);

impl Serialize for WrittenSpan<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let span = self.0;
        let attributes: Vec<_> = span.attributes.iter().map(key_value).collect();
        let flags = FLAGS | if span.has_remote_parent { HAS_REMOTE_PARENT } else { 0 };
        let mut written = serializer.serialize_struct("Span", 10)?;
        written.serialize_field("traceId", &Text(span.trace_id))?;
        written.serialize_field("spanId", &Text(span.id))?;
        if let Some(parent) = span.parent {
            written.serialize_field("parentSpanId", &Text(parent))?;
        }
        written.serialize_field("flags", &flags)?;
        written.serialize_field("name", &*span.name)?;
        written.serialize_field("kind", &number(span.kind))?;
        written.serialize_field("startTimeUnixNano", &Text(span.start))?;
        written.serialize_field("endTimeUnixNano", &Text(span.end))?;
        written.serialize_field("attributes", &attributes)?;
        written.serialize_field("status", &Status { code: span.is_error.then_some(ERROR) })?;
        written.end()
    }
}

fn key_value((key, value): &Attribute) -> KeyValue<'_> {
    let value = match value {
        Value::Text(text) => AnyValue::StringValue(text),
        Value::Name(name) => AnyValue::StringValue(name),
        Value::Number(number) => AnyValue::IntValue(Text(*number)),
    };
    KeyValue { key, value }
}

/// In the protocol's enumeration.
fn number(kind: Kind) -> u32 {
    match kind {
        Kind::Internal => 1,
        Kind::Server => 2,
        Kind::Client => 3,
    }
}

#[cfg(test)]
mod tests;

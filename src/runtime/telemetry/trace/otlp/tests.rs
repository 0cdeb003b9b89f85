//! The JSON of the protocol, and answers of a collector.

use std::sync::Arc;

use serde_json::json;

use super::super::id::{SpanId, TraceId};
use super::*;

#[test]
fn spans_are_written_as_the_protocol_wants_them() {
    let trace_id = TraceId::parse(b"4bf92f3577b34da6a3ce929d0e0e4736").expect("an id");
    let [root, child] = [b"00f067aa0ba902b7", b"000000000000000a"].map(|id| SpanId::parse(id).expect("an id"));
    let spans = [
        Span {
            trace_id,
            id: root,
            parent: SpanId::parse(b"b7ad6b7169203331"),
            has_remote_parent: true,
            name: "POST /email".into(),
            kind: Kind::Server,
            start: 1_700_000_000_000_000_001,
            end: u64::MAX,
            attributes: vec![
                ("http.response.status_code", 504.into()),
                ("smsp.caller", Value::Name(Arc::from("shop"))),
            ],
            is_error: true,
        },
        Span {
            trace_id,
            id: child,
            parent: Some(root),
            has_remote_parent: false,
            name: "attempt \"mg\"\n".to_owned().into(),
            kind: Kind::Client,
            start: 2,
            end: 3,
            attributes: Vec::new(),
            is_error: false,
        },
    ];
    let resource = [("service.name".to_owned(), "smsp".to_owned())];
    let written: Json = serde_json::from_slice(&request(&resource, &spans)).expect("JSON");
    let expected = json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "smsp"}}]},
        "scopeSpans": [{
            "scope": {"name": "smsp", "version": env!("CARGO_PKG_VERSION")},
            "spans": [
                {
                    "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7",
                    "parentSpanId": "b7ad6b7169203331", "flags": 0x301, "name": "POST /email", "kind": 2,
                    "startTimeUnixNano": "1700000000000000001", "endTimeUnixNano": "18446744073709551615",
                    "attributes": [
                        {"key": "http.response.status_code", "value": {"intValue": "504"}},
                        {"key": "smsp.caller", "value": {"stringValue": "shop"}},
                    ],
                    "status": {"code": 2},
                },
                {
                    "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "000000000000000a",
                    "parentSpanId": "00f067aa0ba902b7", "flags": 0x101, "name": "attempt \"mg\"\n", "kind": 3,
                    "startTimeUnixNano": "2", "endTimeUnixNano": "3", "attributes": [], "status": {},
                },
            ],
        }],
    }]});
    assert_eq!(written, expected);
}

#[test]
fn an_answer_is_read_as_far_as_it_is_one() {
    for (answer, expected) in [
        ("", Some(0)),
        ("{}", Some(0)),
        (r#"{"partialSuccess":{}}"#, Some(0)),
        (r#"{"partialSuccess":null}"#, Some(0)),
        (r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"x"}}"#, Some(3)),
        (r#"{"partialSuccess":{"rejectedSpans":3}}"#, Some(3)),
        (r#"{"partialSuccess":{"rejectedSpans":null}}"#, Some(0)),
        (r#"{"partialSuccess":{"rejectedSpans":0.0}}"#, Some(0)),
        (r#"{"more":1}"#, Some(0)),
        (r#"{"partialSuccess":{"rejectedSpans":-1}}"#, None),
        (r#"{"partialSuccess":{"rejectedSpans":"many"}}"#, None),
        ("<html>", None),
        ("[]", None),
        ("\"\"", None),
    ] {
        assert_eq!(rejected(answer.as_bytes()), expected, "{answer}");
    }
}

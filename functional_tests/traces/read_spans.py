"""Reads requests to a collector with OpenTelemetry's own package, and prints their spans as JSON.

Usage: read_spans.py FILE. It has the bodies of POST /v1/traces, one a line. OTLP in JSON is that of Protocol Buffers but for ids, which are hex digits.
Exit 1: a field that the protocol does not have, an id or a time that cannot be, or a span without its parent.
"""

import base64
import json
import sys
import time
from pathlib import Path

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, SpanFlags, Status

IDS = ("traceId", "spanId", "parentSpanId")
DAY = 86_400_000_000_000


def decoded(value):
    """With ids as Protocol Buffers have them."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    of = lambda name, item: base64.b64encode(bytes.fromhex(item)).decode() if name in IDS else decoded(item)
    return {name: of(name, item) for name, item in value.items()}


def attributes(pairs):
    found = {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
    assert len(found) == len(pairs), f"an attribute is there twice: {pairs}"
    return found


def read(line):
    request = ParseDict(decoded(json.loads(line)), ExportTraceServiceRequest())
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield span, attributes(resource.resource.attributes)


def check(span, spans):
    assert len(span.trace_id) == 16 and any(span.trace_id), "the id of a trace is 16 bytes, not all zero"
    assert len(span.span_id) == 8 and any(span.span_id), "the id of a span is 8 bytes, not all zero"
    assert span.name and span.kind != Span.SPAN_KIND_UNSPECIFIED, span
    assert span.start_time_unix_nano <= span.end_time_unix_nano, f"it ends before it begins: {span}"
    assert abs(span.end_time_unix_nano - time.time_ns()) < DAY, f"not of today: {span}"
    is_remote = span.flags & SpanFlags.SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK
    assert span.flags & SpanFlags.SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK and span.flags & 1, f"flags: {span}"
    if not span.parent_span_id or is_remote:
        return
    parent = spans.get((span.trace_id, span.parent_span_id))
    assert parent is not None, f"its parent is not there: {span}"
    assert parent.start_time_unix_nano <= span.start_time_unix_nano, f"it begins before its parent: {span}"
    assert span.end_time_unix_nano <= parent.end_time_unix_nano, f"it ends after its parent: {span}"


def main():
    found = [item for line in Path(sys.argv[1]).read_text().splitlines() if line.strip() for item in read(line)]
    spans = {(span.trace_id, span.span_id): span for span, _ in found}
    assert len(spans) == len(found), "an id is there twice"
    for span in spans.values():
        check(span, spans)
    shown = [
        {
            "trace": span.trace_id.hex(),
            "id": span.span_id.hex(),
            "parent": span.parent_span_id.hex(),
            "name": span.name,
            "kind": Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
            "is_error": span.status.code == Status.STATUS_CODE_ERROR,
            "start": span.start_time_unix_nano,
            "end": span.end_time_unix_nano,
            "attributes": attributes(span.attributes),
            "resource": resource,
        }
        for span, resource in found
    ]
    print(json.dumps(shown))


try:
    main()
except (AssertionError, ValueError) as error:
    sys.exit(f"{type(error).__name__}: {error}")

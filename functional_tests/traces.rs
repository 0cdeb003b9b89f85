//! Traces: which one a request belongs to, and the spans that a collector gets, read by OpenTelemetry's own package.
//!
//! A collector may be dead, slow or lie: that costs spans, which are counted, never a mail, and no more than a bounded time
//! at the end.

mod bad_collectors;
mod collector;
mod in_log;
mod of_keys;
mod of_the_outbox;
mod sampling;
mod spans;

use std::time::Duration;

use reqwest::Url;
use serde_json::json;

use crate::harness::repository::{read, root};
use crate::harness::wait::PATIENCE;
use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, mails};
use collector::{Answers, Collector};
use spans::{Span, named};

/// A trace of a caller, and the span of its call.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// The header of a caller that records its trace, or does not.
fn traceparent(is_recorded: bool) -> String {
    format!("00-{TRACE}-{SPAN}-0{}", u8::from(is_recorded))
}

fn to(collector: &Collector, settings: Settings) -> Settings {
    settings.with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url())
}

/// Ends a node, which sends its last spans then.
async fn end(proxy: Proxy) {
    proxy.terminate();
    let output = proxy.exit(PATIENCE).await;
    assert_eq!(output.code, Some(0), "{output:?}");
}

/// One mail that fails at Mailgun, and then goes to SendGrid; what a collector got of it.
async fn failed_over() -> (Collector, [u16; 2]) {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Behaviour::AnswerAfter(Duration::from_millis(120), Reply::mailgun_refuses(429, "no")));
    let collector = Collector::start(Answers::Well).await;
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url())
        .with("OTEL_SERVICE_NAME", "mail")
        .with("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
        .with("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=a%20b");
    let proxy = Proxy::start(to(&collector, settings)).await;
    let parent = traceparent(true);
    let answer = proxy.client.send_with(&mails::plain(), &[("traceparent", &parent), ("host", "mail.test:80")]).await;
    answer.expect(200).expect_attempts(&["mg:throttled", "sg:accepted"]);
    end(proxy).await;
    for stub in [&mailgun, &sendgrid] {
        let request = stub.only_mail();
        assert_eq!(request.header("traceparent"), None, "a provider is told of no trace: {request:?}");
    }
    (collector, [&mailgun, &sendgrid].map(|stub| stub.url().parse::<Url>().expect("a URL").port().expect("a port")))
}

#[tokio::test]
async fn a_mail_is_a_span_of_its_callers_trace_and_each_attempt_is_one_below_it() {
    let (collector, [port_of_mailgun, port_of_sendgrid]) = failed_over().await;
    let (head, _) = &collector.requests()[0];
    let head = head.to_lowercase();
    assert!(head.starts_with("post /v1/traces ") && head.contains("content-type: application/json\r\n"), "{head}");
    assert!(head.contains("x-tenant: a b\r\n"), "{head}");
    let Some(spans) = spans::read(&collector.bodies()).await else { return };
    assert_eq!(spans.len(), 3, "{spans:#?}");
    let server = named(&spans, "POST /email");
    let ids = (server.text("trace"), server.text("parent"), server.text("kind"));
    assert_eq!(ids, (TRACE, SPAN, "server"), "{server:?}");
    for (name, expected) in [
        ("http.request.method", json!("POST")),
        ("http.route", json!("/email")),
        ("http.response.status_code", json!(200)),
        ("smsp.caller", json!("caller")),
        ("smsp.delivery", json!("accepted")),
    ] {
        assert_eq!(*server.attribute(name), expected, "{name}: {server:?}");
    }
    assert!(!server.is_error() && server.attribute("smsp.id").is_string(), "{server:?}");
    let service = (server.resource("service.name"), server.resource("deployment.environment.name"));
    assert_eq!(service, (&json!("mail"), &json!("test")), "{server:?}");
    for (name, upstream, outcome, status, port, is_error) in [
        ("attempt mg", "mg", "throttled", 429, port_of_mailgun, true),
        ("attempt sg", "sg", "accepted", 202, port_of_sendgrid, false),
    ] {
        let attempt = named(&spans, name);
        assert_eq!((attempt.text("trace"), attempt.text("parent")), (TRACE, server.text("id")), "{attempt:?}");
        assert_eq!((attempt.text("kind"), attempt.is_error()), ("client", is_error), "{attempt:?}");
        let seen =
            ["smsp.upstream", "smsp.outcome", "smsp.reason", "server.address"].map(|name| attempt.attribute(name));
        let reason = format!("http_{status}");
        assert_eq!(seen, [upstream, outcome, &reason, "127.0.0.1"].map(|text| json!(text)).each_ref(), "{attempt:?}");
        let seen =
            ["http.request.method", "http.response.status_code", "server.port"].map(|name| attempt.attribute(name));
        assert_eq!(seen, [json!("POST"), json!(status), json!(port)].each_ref(), "{attempt:?}");
        assert_eq!(attempt.attribute("error.type").as_str(), is_error.then_some(outcome), "{attempt:?}");
    }
    let [mailgun, sendgrid] = ["attempt mg", "attempt sg"].map(|name| named(&spans, name));
    assert!(mailgun.millis() >= 120 && server.millis() >= mailgun.millis() + sendgrid.millis(), "{spans:#?}");
}

/// The conventions have it so: a client may make methods up, of any length.
#[tokio::test]
async fn a_method_that_nobody_knows_is_in_no_span() {
    let collector = Collector::start(Answers::Well).await;
    let proxy = Proxy::start(to(&collector, Settings::mock())).await;
    let canary = reqwest::Method::from_bytes(b"CANARY").expect("a method");
    proxy.client.call(canary, "/email").await.expect(405);
    end(proxy).await;
    let bodies = collector.bodies();
    assert!(!bodies.contains("CANARY"), "{bodies}");
    let Some(spans) = spans::read(&bodies).await else { return };
    let [server] = &spans[..] else { panic!("{spans:#?}") };
    assert!(server.text("name") == "HTTP" || server.text("name") == "HTTP /email", "{server:?}");
    assert_eq!(*server.attribute("http.request.method"), json!("_OTHER"), "{server:?}");
}

#[tokio::test]
async fn the_checker_finds_a_wrong_parent_and_a_time_that_cannot_be() {
    let bodies = failed_over().await.0.bodies();
    let id = |name: &str| {
        let (_, rest) = bodies.split_once(&format!("\"{name}\":\"")).expect("an id");
        rest[..16].to_owned()
    };
    let parent = format!("\"parentSpanId\":\"{}\"", id("parentSpanId"));
    for (from, to, expected) in [
        (parent.as_str(), "\"parentSpanId\":\"00000000000000ff\"", "its parent is not there"),
        ("\"startTimeUnixNano\":\"1", "\"startTimeUnixNano\":\"9", "before it begins"),
        ("\"kind\":2", "\"kind\":\"server\"", "ParseError"),
        ("\"kind\":2", "\"colour\":2", "ParseError"),
    ] {
        let broken = bodies.replacen(from, to, 1);
        assert_ne!(broken, bodies, "{from}");
        let Some(problem) = spans::problem(&broken).await else { return };
        assert!(problem.contains(expected), "{expected}: {problem}");
    }
}

/// What `traces.md` says is in a span.
#[tokio::test]
async fn every_attribute_of_a_span_is_in_the_document() {
    let Some(spans) = spans::read(&failed_over().await.0.bodies()).await else { return };
    let document = read(&root().join("docs/how-to/traces.md"));
    let unknown: Vec<_> =
        spans.iter().flat_map(Span::attributes).filter(|name| !document.contains(&format!("`{name}`"))).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

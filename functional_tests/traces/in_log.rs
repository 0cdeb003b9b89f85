//! The id of the trace in the log: of every line of a request, where its caller names one or traces are recorded.

use serde_json::Value;

use super::collector::{Answers, Collector};
use super::{TRACE, to, traceparent};
use crate::harness::wait::when;
use crate::harness::{Proxy, Settings, admin, eventually, mails};

/// The ids of traces in the lines of the request with this id.
async fn ids(proxy: &Proxy, request: &str) -> Vec<Option<String>> {
    let field = |line: &Value, name: &str| {
        let field = line.get(name).or_else(|| line.get("span")?.get(name));
        field.and_then(Value::as_str).map(str::to_owned)
    };
    let lines = eventually("the request is logged", async || {
        let lines = proxy.logs();
        let own: Vec<_> =
            lines.into_iter().filter(|line| field(line, "request_id").as_deref() == Some(request)).collect();
        let is_done = own.iter().any(|line| line["message"] == "request");
        when(is_done, || format!("{own:#?}")).map(|()| own)
    })
    .await;
    lines.iter().map(|line| field(line, "trace_id")).collect()
}

async fn sent(proxy: &Proxy, request: &str, parents: &[&str]) -> Vec<Option<String>> {
    let mut headers = vec![("x-request-id", request)];
    headers.extend(parents.iter().map(|parent| ("traceparent", *parent)));
    proxy.client.send_with(&mails::plain(), &headers).await.expect(200);
    ids(proxy, request).await
}

#[tokio::test]
async fn every_line_of_a_request_has_the_trace_of_its_caller_and_no_line_has_one_that_is_not_sound() {
    let proxy = Proxy::start(Settings::mock()).await;
    for is_recorded in [true, false] {
        let found = sent(&proxy, &format!("r-{is_recorded}"), &[&traceparent(is_recorded)]).await;
        assert_eq!(found, vec![Some(TRACE.to_owned()); 2], "an attempt and its request");
    }
    let sound = traceparent(true);
    let upper = sound.to_uppercase();
    for (request, parents) in [("none", &[][..]), ("two", &[&*sound, &*sound]), ("upper", &[&*upper]), ("odd", &["x"])]
    {
        assert_eq!(sent(&proxy, request, parents).await, [None, None], "{request}");
    }
    let headers = [("x-request-id", "order"), ("traceparent", &*sound)];
    let order = serde_json::json!({"override": "auto"});
    admin::call(proxy.ops, reqwest::Method::PUT, "/circuits/mock", &headers, Some(&order)).await.expect(200);
    let found = ids(&proxy, "order").await;
    assert!(!found.is_empty() && found.iter().all(|id| id.as_deref() == Some(TRACE)), "{found:?}");
}

#[tokio::test]
async fn a_request_without_a_trace_gets_one_where_traces_are_recorded_even_if_its_own_is_not() {
    let collector = Collector::start(Answers::Well).await;
    let settings = to(&collector, Settings::mock()).with("OTEL_TRACES_SAMPLER_ARG", "0");
    let proxy = Proxy::start(settings).await;
    let found = sent(&proxy, "r", &[]).await;
    let id = found[0].clone().expect("an id");
    assert!(id.len() == 32 && id != TRACE && found == vec![Some(id.clone()); 2], "{found:?}");
}

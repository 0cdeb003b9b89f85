//! Which traces are recorded: decided by the caller, else by the ratio.

use super::collector::{Answers, Collector};
use super::{end, spans, to, traceparent};
use crate::harness::{Proxy, Settings, mails};

/// The traces of mails that a collector gets: of a caller that records its own, one that does not, and one without.
async fn recorded(settings: &[(&str, &str)]) -> Option<Vec<bool>> {
    let collector = Collector::start(Answers::Well).await;
    let settings = settings.iter().fold(Settings::mock(), |all, (name, value)| all.with(name, value));
    let proxy = Proxy::start(to(&collector, settings)).await;
    let [yes, no] = [true, false].map(traceparent);
    // Health checks are never recorded, or they would be most of what there is.
    proxy.client.healthcheck().await.expect(200);
    let mut ids = Vec::new();
    for (caller, parent) in [("yes", Some(&yes)), ("no", Some(&no)), ("alone", None)] {
        let headers: Vec<_> = parent.map(|parent| ("traceparent", parent.as_str())).into_iter().collect();
        let answer = proxy.client.send_with(&mails::with_subject(caller), &headers).await.expect(200);
        ids.push(answer.json["id"].clone());
    }
    end(proxy).await;
    let spans = spans::read(&collector.bodies()).await?;
    let servers: Vec<_> = spans.iter().filter(|span| span.text("kind") == "server").collect();
    assert!(servers.iter().all(|span| span.text("name") == "POST /email"), "{servers:#?}");
    Some(ids.iter().map(|id| servers.iter().any(|span| span.attribute("smsp.id") == id)).collect())
}

#[tokio::test]
async fn the_caller_decides_and_else_the_ratio() {
    for (settings, expected) in [
        (&[][..], [true, false, true]),
        (&[("OTEL_TRACES_SAMPLER_ARG", "0")], [true, false, false]),
        (&[("OTEL_TRACES_SAMPLER", "always_off")], [false, false, false]),
        (&[("OTEL_TRACES_SAMPLER", "always_on")], [true, true, true]),
    ] {
        let Some(found) = recorded(settings).await else { return };
        assert_eq!(found, expected, "{settings:?}");
    }
}

//! Mail that is sent later: the call that brings it is one trace, each claim of it another, and both have its id.

use super::collector::{Answers, Collector};
use super::spans::{self, Span, named};
use super::{TRACE, end, to, traceparent};
use crate::harness::outbox::{Store, at_rest, id, queued};
use crate::harness::{Behaviour, Proxy, Settings, StubProvider, mails};

#[tokio::test]
async fn mail_of_the_outbox_has_a_span_for_each_call_to_the_store() {
    let (sendgrid, directory) = (StubProvider::sendgrid().await, tempfile::tempdir().expect("a directory"));
    let collector = Collector::start(Answers::Well).await;
    let settings = Store::sqlite(directory.path()).under(Settings::server().sendgrid(&sendgrid.url()));
    let proxy = Proxy::start(to(&collector, settings)).await;
    let parent = traceparent(true);
    let mail = mails::plain().to_string();
    let queued = proxy.client.post_to("/outbox", mail, &[("traceparent", &parent)]).await.expect(202);
    let id = id(&queued);
    assert_eq!(at_rest(&proxy.client).await.status("accepted"), 1);
    end(proxy).await;
    let Some(spans) = spans::read(&collector.bodies()).await else { return };
    let (of_call, of_claim): (Vec<Span>, Vec<_>) = spans.into_iter().partition(|span| span.text("trace") == TRACE);
    let (server, deliver) = (named(&of_call, "POST /outbox"), named(&of_claim, "deliver"));
    for (root, word, value) in [(server, "smsp.delivery", "queued"), (deliver, "smsp.outbox_status", "accepted")] {
        assert_eq!(*root.attribute("smsp.id"), id, "{root:?}");
        assert_eq!(
            (root.attribute("smsp.caller"), root.attribute(word)),
            (&"caller".into(), &value.into()),
            "{root:?}"
        );
    }
    assert_eq!((deliver.text("parent"), deliver.text("kind")), ("", "internal"), "it is a trace of its own");
    assert!(!deliver.is_error() && deliver.attribute("error.type").is_null(), "{deliver:?}");
    for (spans, root, call) in [
        (&of_call, server, "accept"),
        (&of_claim, deliver, "claim"),
        (&of_claim, deliver, "mark"),
        (&of_claim, deliver, "end"),
    ] {
        let span = named(spans, &format!("{call} outbox"));
        assert_eq!((span.text("parent"), span.text("kind")), (root.text("id"), "client"), "{span:?}");
        let seen = ["db.system.name", "db.operation.name", "db.collection.name"].map(|name| span.attribute(name));
        assert_eq!(seen, ["sqlite", call, "outbox"].map(serde_json::Value::from).each_ref(), "{span:?}");
    }
    let attempt = named(&of_claim, "attempt sg");
    assert_eq!(attempt.text("parent"), deliver.text("id"), "{attempt:?}");
    assert_eq!((of_call.len(), of_claim.len()), (2, 5), "{of_call:#?} {of_claim:#?}");
}

#[tokio::test]
async fn a_delivery_of_which_it_is_unknown_whether_a_provider_has_the_mail_has_failed() {
    let (sendgrid, directory) = (StubProvider::sendgrid().await, tempfile::tempdir().expect("a directory"));
    sendgrid.does(Behaviour::Close);
    let collector = Collector::start(Answers::Well).await;
    let settings = Store::sqlite(directory.path()).under(Settings::server().sendgrid(&sendgrid.url()));
    let proxy = Proxy::start(to(&collector, settings)).await;
    queued(&proxy.client, &mails::plain()).await;
    assert_eq!(at_rest(&proxy.client).await.status("unknown"), 1);
    end(proxy).await;
    let Some(spans) = spans::read(&collector.bodies()).await else { return };
    let deliver = named(&spans, "deliver");
    assert!(deliver.is_error(), "{deliver:?}");
    let seen = ["smsp.outbox_status", "error.type"].map(|name| deliver.attribute(name));
    assert_eq!(seen, ["unknown"; 2].map(serde_json::Value::from).each_ref(), "{deliver:?}");
    let server = named(&spans, "POST /outbox");
    assert!(!server.is_error(), "the call that brought it has not failed: {server:?}");
}

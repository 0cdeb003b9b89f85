//! Calls under a key: what the store keeps of them takes time, and each call to it is a span.

use super::collector::{Answers, Collector};
use super::spans::{self, Span, named};
use super::{TRACE, end, to, traceparent};
use crate::harness::outbox::{Store, id};
use crate::harness::{Answer, Behaviour, Proxy, Reply, Settings, StubProvider, mails};

/// What a collector gets of one call under a key, of its repeat, of a look at its mail, and of a mail without a key.
async fn called(reply: Behaviour) -> Option<Vec<Span>> {
    let (sendgrid, directory) = (StubProvider::sendgrid().await, tempfile::tempdir().expect("a directory"));
    sendgrid.does(reply);
    let collector = Collector::start(Answers::Well).await;
    let settings = Store::sqlite(directory.path()).under(Settings::server().sendgrid(&sendgrid.url()));
    let settings = settings.without("SMSP_OUTBOX").without("SMSP_OUTBOX_MIN_FREE");
    let proxy = Proxy::start(to(&collector, settings)).await;
    let parent = traceparent(true);
    let keyed = [("traceparent", &*parent), ("idempotency-key", "order-17")];
    let mail = mails::plain().to_string();
    let sent = proxy.client.post_to("/email", mail.clone(), &keyed).await;
    proxy.client.post_to("/email", mail.clone(), &keyed).await;
    let request = proxy.client.request(reqwest::Method::GET, &format!("/email/{}", id(&sent)));
    let look = Answer::to(request.header("x-api-key", proxy.client.key()).header("traceparent", &parent)).await;
    look.expect(200);
    proxy.client.post_to("/email", mail, &[("traceparent", &parent)]).await;
    end(proxy).await;
    let spans = spans::read(&collector.bodies()).await?;
    assert!(spans.iter().all(|span| span.text("trace") == TRACE), "{spans:#?}");
    Some(spans)
}

/// The names of the calls to the store below each request, in the order of their beginnings.
fn stored<'a>(spans: &'a [Span], request: &str) -> Vec<Vec<&'a str>> {
    let mut requests: Vec<_> = spans.iter().filter(|span| span.text("name") == request).collect();
    requests.sort_by_key(|span| span.start());
    let below = |root: &&Span| {
        let is_call = |span: &&Span| span.attribute("db.system.name") == "sqlite";
        let mut calls: Vec<_> =
            spans.iter().filter(|span| span.text("parent") == root.text("id")).filter(is_call).collect();
        calls.sort_by_key(|span| span.start());
        calls.into_iter().map(|span| span.text("name")).collect()
    };
    requests.iter().map(below).collect()
}

#[tokio::test]
async fn each_call_to_the_store_about_a_key_is_a_span_of_its_request() {
    let Some(spans) = called(Behaviour::Answer(Reply::sendgrid_accepts())).await else { return };
    let once = ["has outbox", "begin answers", "end answers"];
    let repeat = ["has outbox", "begin answers"];
    assert_eq!(stored(&spans, "POST /email"), [&once[..], &repeat[..], &[]], "{spans:#?}");
    assert_eq!(stored(&spans, "GET /email/{id}"), [["status outbox", "look answers"]], "{spans:#?}");
    let span = named(&spans, "end answers");
    let seen = ["db.system.name", "db.operation.name", "db.collection.name"].map(|name| span.attribute(name));
    assert_eq!(seen, ["sqlite", "end", "answers"].map(serde_json::Value::from).each_ref(), "{span:?}");
    assert_eq!(span.text("kind"), "client", "{span:?}");
}

#[tokio::test]
async fn what_the_store_notes_of_a_mail_without_a_key_is_a_span() {
    let Some(spans) = called(Behaviour::Close).await else { return };
    let calls = stored(&spans, "POST /email");
    assert_eq!(calls.last(), Some(&vec!["note answers"]), "{spans:#?}");
}

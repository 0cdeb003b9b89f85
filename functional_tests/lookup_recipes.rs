//! The recipes of `docs/how-to/read-an-unknown.md`: one for each kind, run as they stand there.

mod described;
mod kept_here;
mod over_http;
mod section;

use smsp::delivery::provider::{KINDS, Kind, Lookup};

use crate::harness::stub_relay::StubRelay;
use crate::harness::{Answer, Behaviour, Gate, Proxy, Settings, StubProvider, kinds, mails};
use crate::smtp;
use section::{all, named};

#[test]
fn every_kind_has_a_section_with_its_source() {
    let names: Vec<_> = KINDS.iter().map(|kind| kind.name.to_owned()).collect();
    let sections = all();
    let of_kinds: Vec<_> = sections.iter().filter(|section| section.heading.starts_with(char::is_lowercase)).collect();
    assert_eq!(of_kinds.iter().map(|section| section.heading.clone()).collect::<Vec<_>>(), names);
    let without = of_kinds.iter().filter(|section| section.heading != "mock" && !section.says("\nSource: "));
    assert_eq!(without.map(|section| &section.heading).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// The answer of a proxy whose only upstream, of this kind, may have the mail; none, where a test cannot bring that about.
async fn unknown_at(kind: &Kind) -> Option<Answer> {
    let stub = StubProvider::sendgrid().await;
    stub.does(Behaviour::Close);
    let relay = StubRelay::behind(Gate::shut()).await;
    let settings = match kind.name {
        "maildir" => return None,
        "smtp" => smtp::relay(&relay.port()),
        "mock" => Settings::mock(),
        _ => kinds::alone(kind, &stub.url()),
    };
    let proxy = Proxy::start(settings.with("SMSP_ATTEMPT_TIMEOUT", "500ms")).await;
    Some(proxy.client.send(&mails::with_subject("timeout")).await.expect_problem(504, "unknown", false))
}

#[tokio::test]
async fn the_field_of_every_section_is_the_one_that_lookup_names() {
    for kind in KINDS {
        let field = named(kind.name).field();
        if let Some(answer) = unknown_at(kind).await {
            assert_eq!(
                (answer.at("/lookup/field"), answer.at("/lookup/upstream")),
                (&field.into(), &kind.upstream.into())
            );
        } else {
            assert_eq!((kind.capabilities.lookup, field.as_str()), (Lookup::MessageId, "Message-ID"), "{}", kind.name);
        }
    }
}

//! A store that is killed, stopped or cut off while mail falls back: the caller hears what it would have heard without an
//! outbox, or that it is not known whether the mail is kept.

use super::*;
use crate::harness::cutting_proxy::{self, Fault};
use crate::harness::outbox::{Store, pause};
use crate::harness::postmaster::Postmaster;
use crate::harness::wait::eventually_within;
use crate::harness::{Behaviour, Gate, Reply};

/// A database is away for as long as its deadlines take.
const REST: std::time::Duration = std::time::Duration::from_secs(90);

async fn node(url: &str) -> Node {
    let provider = StubProvider::sendgrid().await;
    provider.goes_down().await;
    let settings = Settings::server().sendgrid(&provider.url()).patient_circuits();
    let settings = settings.with("SMSP_OUTBOX_FALLBACK", "true").with("SMSP_OUTBOX_RETRY", "1s");
    Node { proxy: Proxy::start(Store::at(url).under(settings)).await, provider }
}

/// Repeats until the mail is known to be kept: its id.
async fn until_it_is_queued(node: &Node, key: &str) -> String {
    eventually_within(REST, "a repeat is queued", async || {
        let answer = node.keyed(key).await;
        when(answer.status == 202, || answer.to_string()).map(|()| id(&answer))
    })
    .await
}

#[tokio::test]
async fn with_a_database_that_is_killed_the_answer_is_the_original_one() {
    let Some(server) = Postmaster::start() else { return };
    let node = node(&server.url(&server.database().await)).await;
    node.send(&[]).await.expect(202);
    server.kill();
    eventually_within(REST, "the store is known to be down", async || {
        let answer = node.send(&[]).await;
        assert!([502, 504].contains(&answer.status), "{answer}");
        when(answer.status == 502, || answer.to_string())
    })
    .await;
    for _ in 0..3 {
        node.send(&[]).await.expect_problem(502, "none", true).expect_attempts(&["sg:unavailable"]);
    }
    assert!(node.fallbacks("down").await >= 3);
    server.restart();
    until_it_is_queued(&node, "k").await;
}

#[tokio::test]
async fn with_a_database_that_is_stopped_the_answer_is_the_original_one_and_a_repeat_is_queued() {
    let Some(server) = Postmaster::start() else { return };
    let node = node(&server.url(&server.database().await)).await;
    pause(&node.proxy, true).await;
    node.send(&[]).await.expect(202);
    let gate = Gate::shut();
    let refusal = Reply::sendgrid_refuses(429, "not now");
    node.provider.does(Behaviour::AnswerBehind(gate.clone(), refusal));
    node.provider.comes_up();
    // Without the store it would not have been handed over.
    let (answer, ()) = tokio::join!(node.keyed("k"), async {
        node.provider.receives_mails(1).await;
        server.pause();
        gate.open();
    });
    let answer = answer.expect_problem(503, "none", true).expect_attempts(&["sg:throttled"]);
    node.keyed("other").await.expect_problem(503, "none", true).expect_attempts(&[]);
    assert_eq!((node.fallbacks("unclear").await, node.fallbacks("down").await), (0, 1));
    server.resume();
    assert_eq!(until_it_is_queued(&node, "k").await, id(&answer));
    node.provider.does(Reply::sendgrid_accepts().into());
    // The 429 has opened it.
    node.proxy.client.order("sg", &json!({"override": "closed"})).await.expect(200);
    pause(&node.proxy, false).await;
    becomes(&node.proxy.client, &id(&answer), "accepted").await;
    assert_eq!(at_rest(&node.proxy.client).await.status("accepted"), 2);
    assert_eq!(node.provider.mail_count(), 3, "one was refused, and then each was taken once");
}

#[tokio::test]
async fn with_a_database_that_says_nothing_mail_without_a_key_is_answered_and_sent_as_without_an_outbox() {
    let Some(server) = Postmaster::start() else { return };
    let line = cutting_proxy::Proxy::before(&server).await;
    let node = node(&line.url("127.0.0.1", &server.database().await)).await;
    pause(&node.proxy, true).await;
    node.send(&[]).await.expect(202);
    line.set(Fault::Swallow);
    node.send(&[]).await.expect_problem(502, "none", true).expect_attempts(&["sg:unavailable"]);
    assert!(node.fallbacks("down").await >= 1);
    assert_eq!(node.fallbacks("unclear").await, 0);
    node.provider.comes_up();
    let sent = node.send(&[("Prefer", "respond-async")]).await.expect(200);
    assert_eq!(sent.header("preference-applied"), None, "it is not queued: {sent}");
    assert_eq!(node.provider.mail_count(), 1);
}

#[tokio::test]
async fn an_acceptance_whose_answer_is_held_back_is_unclear_and_found_by_the_repeat() {
    let Some(server) = Postmaster::start() else { return };
    let database = server.database().await;
    let line = cutting_proxy::Proxy::before(&server).await;
    let node = node(&line.url("127.0.0.1", &database)).await;
    node.send(&[]).await.expect(202);
    line.set_for(Fault::HoldAnswer, "insert into smsp_submission");
    let answer = node.keyed("k").await.expect_problem(504, "unknown", false);
    assert!(line.has(Fault::Holding), "the database has committed");
    line.set(Fault::None);
    let repeat = eventually_within(REST, "a repeat finds the mail", async || {
        let repeat = node.keyed("k").await;
        when(repeat.status == 202, || repeat.to_string()).map(|()| repeat)
    })
    .await;
    assert_eq!(repeat.header("idempotency-replayed"), Some("true"), "the first call has queued it: {repeat}");
    assert_eq!(id(&repeat), id(&answer));
    let mails = server.sql(&database, "select count(*) from smsp_submission").await;
    assert_eq!(mails, ["2"]);
}

//! `Prefer: respond-async`: the mail is queued at once.

use super::*;
use crate::harness::outbox::pause;

const ASYNC: (&str, &str) = ("Prefer", "return=minimal, respond-async");

on_both_stores! { a_mail_is_queued_at_once_where_its_call_asks_for_that }

async fn a_mail_is_queued_at_once_where_its_call_asks_for_that(database: &Database) {
    let node = Node::with(database, |settings| settings.without("SMSP_OUTBOX_FALLBACK")).await;
    node.provider.comes_up();
    pause(&node.proxy, true).await;
    let answer = node.send(&[ASYNC]).await.expect(202).expect_attempts(&[]);
    assert_eq!(answer.header("preference-applied"), Some("respond-async"), "{answer}");
    assert_eq!((answer.at("/delivery"), node.provider.mail_count()), (&json!("queued"), 0), "{answer}");
    let now = node.send(&[]).await.expect(200);
    assert_eq!(now.header("preference-applied"), None, "{now}");
    let never = node.send(&[ASYNC, ("X-SMSP-Fallback", "never")]).await.expect(200);
    assert_eq!(never.header("preference-applied"), None, "a preference may be ignored: {never}");
    pause(&node.proxy, false).await;
    becomes(&node.proxy.client, &id(&answer), "accepted").await;
    assert_eq!(node.provider.mail_count(), 3);
}

#[tokio::test]
async fn without_an_outbox_the_preference_is_ignored() {
    let provider = StubProvider::sendgrid().await;
    let proxy = Proxy::start(Settings::server().sendgrid(&provider.url())).await;
    let answer = proxy.client.send_with(&mails::plain(), &[ASYNC]).await.expect(200);
    assert_eq!(answer.header("preference-applied"), None, "{answer}");
}

#[tokio::test]
async fn a_mail_for_which_the_outbox_has_no_room_is_sent_now() {
    let database = Database::sqlite();
    let node = Node::with(&database, |settings| settings.with("SMSP_CALLER_OUTBOX_ROWS", "1")).await;
    pause(&node.proxy, true).await;
    node.send(&[ASYNC]).await.expect(202);
    node.provider.comes_up();
    let answer = node.send(&[ASYNC]).await;
    assert!(answer.status == 200 && answer.header("preference-applied").is_none(), "{answer}");
}

#[tokio::test]
async fn a_mail_that_no_upstream_may_ever_have_is_refused_at_once() {
    let database = Database::sqlite();
    let node = Node::with(&database, |settings| settings.with("SMSP_SG_FROM_DOMAINS", "example.net")).await;
    let answer = node.send(&[ASYNC]).await.expect_problem(422, "none", false);
    assert_eq!(answer.header("preference-applied"), None, "{answer}");
    assert_eq!(node.proxy.client.metrics().await.count("smsp_outbox_accepted_total", &[]), 0);
}

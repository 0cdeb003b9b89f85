//! No caller's mail closes an SMTP relay to the others: what a relay says of a recipient or a content is that mail's alone.

use serde_json::json;

use crate::harness::stub_relay::StubRelay;
use crate::harness::{Client, Proxy, mails};
use crate::smtp::relay;

/// A mail that the relay dislikes.
async fn send_bad(client: &Client) -> crate::harness::Answer {
    client.send(&mails::but("to", json!("bad@example.org"))).await
}

/// A mail that nobody could dislike is taken, at once and on a circuit that was never open.
async fn others_are_taken(proxy: &Proxy) {
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["smtp:accepted"]);
    assert_eq!(proxy.client.state("smtp").await, "closed");
}

#[tokio::test]
async fn deferred_recipient_does_not_open_the_relays_circuit() {
    for answer in [
        "450 4.1.2 Domain not found",
        "450 4.2.0 greylisted",
        "452 4.2.2 mailbox full",
        "451 4.7.1 greylisted",
        "452 4.5.3 too many recipients",
        "552 too many recipients",
        "450 <rate limit@example.org>: throttled.account@example.org",
    ] {
        let stub = StubRelay::that(move |line, _| line.starts_with("RCPT TO:<bad@").then_some(answer)).await;
        let proxy = Proxy::start(relay(&stub.port())).await;
        for _ in 0..6 {
            let refused = send_bad(&proxy.client).await.expect_problem(503, "none", true);
            assert_eq!(refused.attempts(), ["smtp:deferred"], "{answer} {refused}");
            others_are_taken(&proxy).await;
        }
    }
}

#[tokio::test]
async fn recipients_and_contents_that_are_refused_after_data_do_not_open_the_circuit() {
    for (answer, attempt) in [
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", "smtp:message_rejected"),
        ("554 no such user", "smtp:not_capable"),
        ("554 5.7.1 relay account authentication", "smtp:not_capable"),
        ("571 5.9.9 never heard of", "smtp:unlisted"),
    ] {
        let stub = StubRelay::that(move |line, to| (line == "." && to.contains("<bad@")).then_some(answer)).await;
        let proxy = Proxy::start(relay(&stub.port())).await;
        for _ in 0..6 {
            let refused = send_bad(&proxy.client).await;
            assert_eq!(refused.attempts(), [attempt], "{answer} {refused}");
            assert_eq!(refused.json["delivery"], "none", "{answer} {refused}");
        }
        others_are_taken(&proxy).await;
    }
}

#[tokio::test]
async fn a_refusal_names_the_field_that_the_reply_speaks_of_at_whatever_stage_it_comes() {
    for (environment, answer, field) in [
        ("MAIL", "552 5.3.4 message size exceeds fixed limit", "body"),
        ("RCPT", "550 5.1.1 no such user", "to"),
        ("RCPT", "550 5.7.1 relay access denied", "to"),
        (".", "552 5.3.4 message size exceeds fixed limit", "body"),
        (".", "554 5.6.0 content rejected", "body"),
        (".", "550 5.7.1 looks like spam", "body"),
        (".", "550 5.1.10 recipient not found", "to"),
    ] {
        let stub = StubRelay::that(move |line, _| line.starts_with(environment).then_some(answer)).await;
        let proxy = Proxy::start(relay(&stub.port())).await;
        let refused = proxy.client.send(&mails::plain()).await.expect(422);
        assert_eq!(refused.at("/errors/0/field"), field, "{environment} {answer} {refused}");
    }
}

#[tokio::test]
async fn an_account_that_is_refused_or_throttled_in_the_middle_of_a_dialogue_opens_the_circuit() {
    for (answer, attempt) in [
        ("530 5.7.0 Authentication required", "smtp:account_refused"),
        ("454 Throttling failure: Maximum sending rate exceeded", "smtp:throttled"),
        ("550 5.4.5 Daily user sending limit exceeded", "smtp:throttled"),
    ] {
        let stub = StubRelay::that(move |line, _| line.starts_with("RCPT").then_some(answer)).await;
        let proxy = Proxy::start(relay(&stub.port())).await;
        let refused = send_bad(&proxy.client).await;
        assert_eq!(refused.attempts(), [attempt], "{answer} {refused}");
        assert_ne!(proxy.client.state("smtp").await, "closed", "{answer}");
    }
}

#[tokio::test]
async fn a_relay_that_knows_only_helo_takes_mail_in_clear() {
    let stub = StubRelay::that(|line, _| line.starts_with("EHLO").then_some("502 5.5.1 what")).await;
    let proxy = Proxy::start(relay(&stub.port())).await;
    others_are_taken(&proxy).await;
    let dialogue = stub.dialogue();
    assert!(dialogue.contains("C: HELO [127.0.0.1]\n") && dialogue.contains("C: MAIL FROM:<sender@example.com>\n"));
}

//! When every way is tried or shut: which of several failures the caller hears of, and whether to try again.

use serde_json::json;

use crate::harness::{Behaviour, Proxy, RefusingPort, Reply, Settings, StubProvider, mails};

fn throttles(seconds: u32) -> Behaviour {
    Reply::mailgun_refuses(429, &format!("try again after {seconds} seconds")).into()
}

#[tokio::test]
async fn a_rejected_message_is_the_caller_s_fault_and_goes_nowhere_else() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Reply::mailgun_refuses(400, "to parameter is not a valid address. please check documentation").into());
    let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(422, "none", false);
    assert_eq!(answer.attempts(), ["mg:message_rejected"], "{answer}");
    assert!(sendgrid.mails().is_empty());
    assert_eq!(proxy.client.state("mg").await, "closed", "no mail of a caller opens a circuit");
}

#[tokio::test]
async fn a_mail_that_one_provider_finds_too_large_goes_to_the_next() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Reply::mailgun_refuses(413, "too large").into());
    let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:not_capable", "sg:accepted"]);
    sendgrid.does(Reply::sendgrid_refuses(413, "too large").into());
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(422, "none", false);
    assert_eq!(answer.fields(), ["body", "body"], "{answer}");
    assert_eq!(proxy.client.state("mg").await, "closed", "no mail of a caller opens a circuit");
}

#[tokio::test]
async fn definite_refusals_by_all_are_retryable_if_one_was_merely_unavailable() {
    let (mailgun, nobody) = (StubProvider::mailgun().await, RefusingPort::reserve());
    mailgun.answers(401, "Forbidden");
    let proxy = Proxy::start(Settings::mailgun_then_sendgrid(&mailgun.url(), &nobody.url())).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(502, "none", true);
    assert_eq!(answer.attempts(), ["mg:account_refused", "sg:unavailable"], "{answer}");
}

#[tokio::test]
async fn definite_refusals_of_the_accounts_are_not_retryable() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.answers(401, "Forbidden");
    sendgrid
        .does(Reply::sendgrid_refuses(401, "The provided authorization grant is invalid, expired, or revoked").into());
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url());
    let proxy = Proxy::start(settings).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(502, "none", false);
    assert_eq!(answer.attempts(), ["mg:account_refused", "sg:account_refused"], "{answer}");
}

#[tokio::test]
async fn all_upstreams_throttled_is_503_with_retry_after() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.does(throttles(30));
    let proxy = Proxy::before(&mailgun).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    assert_eq!(answer.attempts(), ["mg:throttled"], "{answer}");
    assert!(answer.retry_after() >= 1, "{answer}");
    let circuit = proxy.client.circuit("mg").await;
    assert_eq!(
        (&circuit["reason"], &circuit["trips"]),
        (&"throttled".into(), &0.into()),
        "it blames nobody: {circuit}"
    );
}

#[tokio::test]
async fn throttled_upstream_among_failures_is_503_with_retry_after() {
    let (mailgun, nobody) = (StubProvider::mailgun().await, RefusingPort::reserve());
    mailgun.does(throttles(30));
    let proxy = Proxy::start(Settings::mailgun_then_sendgrid(&mailgun.url(), &nobody.url())).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    assert_eq!(answer.attempts(), ["mg:throttled", "sg:unavailable"], "{answer}");
}

#[tokio::test]
async fn a_message_that_the_second_upstream_rejects_is_rejected() {
    let (nobody, sendgrid) = (RefusingPort::reserve(), StubProvider::sendgrid().await);
    sendgrid.does(Reply::sendgrid_refuses(400, "Does not contain a valid address.").into());
    let proxy = Proxy::start(Settings::mailgun_then_sendgrid(&nobody.url(), &sendgrid.url())).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(422, "none", false);
    assert_eq!(answer.attempts(), ["mg:unavailable", "sg:message_rejected"], "{answer}");
}

#[tokio::test]
async fn an_unknown_at_the_second_upstream_is_unknown() {
    let (nobody, sendgrid) = (RefusingPort::reserve(), StubProvider::sendgrid().await);
    sendgrid.does(Behaviour::Close);
    let proxy = Proxy::start(Settings::mailgun_then_sendgrid(&nobody.url(), &sendgrid.url())).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    assert_eq!(answer.attempts(), ["mg:unavailable", "sg:unknown"], "{answer}");
}

#[tokio::test]
async fn no_text_of_a_provider_reaches_the_caller() {
    let mailgun = StubProvider::mailgun().await;
    let proxy = Proxy::start(Settings::server().mailgun(&mailgun.url())).await;
    proxy.client.order("mg", &json!({"override": "closed"})).await.expect(200);
    for status in [400, 401, 402, 403, 404, 413, 418, 429, 500, 503] {
        mailgun.does(Reply::mailgun_refuses(status, "canary-of-the-provider").into());
        let answer = proxy.client.send(&mails::plain()).await;
        assert_eq!(answer.attempts().len(), 1, "{status}: it was asked: {answer}");
        assert!(answer.status >= 400 && !answer.to_string().contains("canary"), "{status}: {answer}");
    }
}

#[tokio::test]
async fn a_failed_mail_can_be_looked_up_by_its_id() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.does(Behaviour::Reset);
    let proxy = Proxy::before(&mailgun).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    assert_eq!(mailgun.only_mail().parts("v:smsp_id"), [answer.json["id"].as_str().unwrap_or_default()], "{answer}");
}

//! A failure that proves that nothing was taken is invisible to the caller: the next upstream gets the mail.

use crate::harness::{Proxy, RefusingPort, Reply, Settings, StubProvider, mails};

#[tokio::test]
async fn a_refused_connection_sends_the_mail_to_the_next_upstream() {
    let (nobody, sendgrid) = (RefusingPort::reserve(), StubProvider::sendgrid().await);
    let proxy = Proxy::start(Settings::mailgun_then_sendgrid(&nobody.url(), &sendgrid.url())).await;
    let receipt = proxy.client.send(&mails::plain()).await.expect(200);
    assert_eq!(receipt.attempts(), ["mg:unavailable", "sg:accepted"], "{receipt}");
    assert_eq!(receipt.json["provider"], "sg", "{receipt}");
    sendgrid.only_mail();
}

#[tokio::test]
async fn an_open_circuit_is_passed_over_without_an_attempt() {
    let (nobody, sendgrid) = (RefusingPort::reserve(), StubProvider::sendgrid().await);
    let settings = Settings::mailgun_then_sendgrid(&nobody.url(), &sendgrid.url()).one_failure_opens();
    let proxy = Proxy::start(settings).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:unavailable", "sg:accepted"]);
    assert_eq!(proxy.client.state("mg").await, "open");
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
}

#[tokio::test]
async fn without_failover_the_error_of_a_closed_circuit_is_the_caller_s() {
    let (nobody, sendgrid) = (RefusingPort::reserve(), StubProvider::sendgrid().await);
    let settings = Settings::mailgun_then_sendgrid(&nobody.url(), &sendgrid.url()).one_failure_opens();
    let proxy = Proxy::start(settings.with("SMSP_FAILOVER", "never")).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(502, "none", true);
    assert_eq!(answer.attempts(), ["mg:unavailable"], "{answer}");
    assert!(sendgrid.mails().is_empty());
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
}

#[tokio::test]
async fn a_refused_account_sends_the_mail_to_the_next_upstream() {
    for status in [401, 402, 404] {
        let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
        mailgun.answers(status, "Forbidden");
        let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
        let receipt = proxy.client.send(&mails::plain()).await.expect(200);
        assert_eq!(receipt.attempts(), ["mg:account_refused", "sg:accepted"], "{status} {receipt}");
    }
}

#[tokio::test]
async fn an_unexplained_refusal_sends_the_mail_to_the_next_upstream() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.answers(418, "I'm a teapot");
    let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:unclassified", "sg:accepted"]);
}

#[tokio::test]
async fn a_throttled_provider_sends_the_mail_to_the_next_upstream() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Reply::mailgun_refuses(429, "Too many requests, try again after 30 seconds").into());
    let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:throttled", "sg:accepted"]);
}

#[tokio::test]
async fn a_sender_that_one_provider_refuses_is_tried_at_the_next_and_blames_nobody() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    sendgrid.does(Reply::sendgrid_refuses_the_sender().into());
    let settings = Settings::sendgrid_then_mailgun(&sendgrid.url(), &mailgun.url()).one_failure_opens();
    let proxy = Proxy::start(settings).await;
    let receipt = proxy.client.send(&mails::plain()).await.expect(200);
    assert_eq!(receipt.attempts(), ["sg:sender_rejected", "mg:accepted"], "{receipt}");
    assert_eq!(proxy.client.state("sg").await, "closed");
}

#[tokio::test]
async fn an_endless_refusal_is_judged_by_its_status() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Reply::endless(401).into());
    let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:account_refused", "sg:accepted"]);
}

#[tokio::test]
async fn an_endless_acceptance_is_an_acceptance_where_no_body_is_due() {
    let sendgrid = StubProvider::sendgrid().await;
    sendgrid.does(Reply::endless(202).with("x-message-id", "1").into());
    let proxy = Proxy::start(Settings::server().sendgrid(&sendgrid.url())).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
}

#[tokio::test]
async fn a_sender_that_every_provider_refuses_is_the_caller_s_fault() {
    let sendgrid = StubProvider::sendgrid().await;
    sendgrid.does(Reply::sendgrid_refuses_the_sender().into());
    let proxy = Proxy::start(Settings::server().sendgrid(&sendgrid.url())).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(422, "none", false);
    assert_eq!(
        (answer.attempts(), answer.fields()),
        (vec!["sg:sender_rejected".into()], vec!["from".into()]),
        "{answer}"
    );
}

//! A provider that may have the mail: the caller is told so, and nobody else ever gets that mail.

use std::time::Duration;

use tokio::time::Instant;

use crate::harness::wait::when;
use crate::harness::{Answer, Behaviour, Proxy, Reply, Settings, StubProvider, eventually, mails};

/// Mailgun does this with the mail, SendGrid is ready behind it.
async fn answer_when_mailgun(behaviour: Behaviour) -> Answer {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(behaviour);
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url());
    let proxy = Proxy::start(settings.with("SMSP_ATTEMPT_TIMEOUT", "500ms")).await;
    let answer = proxy.client.send(&mails::plain()).await;
    mailgun.only_mail();
    assert_eq!(sendgrid.connections(), 0, "sent a second time after {answer}");
    answer
}

async fn is_unknown(behaviour: Behaviour) {
    let answer = answer_when_mailgun(behaviour).await.expect_problem(504, "unknown", false);
    assert_eq!(answer.attempts(), ["mg:unknown"], "{answer}");
    assert!(answer.header("retry-after").is_none(), "nobody should try again: {answer}");
}

#[tokio::test]
async fn the_log_names_the_id_and_the_caller_of_an_unknown_mail() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.does(Behaviour::Reset);
    let proxy = Proxy::before(&mailgun).await;
    let answer = proxy.client.send(&mails::plain()).await.expect(504);
    eventually("the log names the mail", async || {
        let is_told = |event: &serde_json::Value| {
            event["message"].as_str().is_some_and(|text| text.starts_with("it is unknown whether a provider"))
                && (&event["id"], &event["caller"]) == (answer.at("/id"), &serde_json::json!("caller"))
        };
        when(proxy.logs().iter().any(is_told), || proxy.process.evidence())
    })
    .await;
}

#[tokio::test]
async fn silence_after_hand_over_is_unknown() {
    is_unknown(Behaviour::Stall).await;
}

#[tokio::test]
async fn a_reset_after_hand_over_is_unknown() {
    is_unknown(Behaviour::Reset).await;
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_unknown() {
    is_unknown(Behaviour::Close).await;
}

#[tokio::test]
async fn a_server_error_is_unknown() {
    for status in [500, 502, 503, 504, 599] {
        is_unknown(Reply::mailgun_refuses(status, "Internal Server Error").into()).await;
    }
}

#[tokio::test]
async fn an_error_page_of_a_gateway_is_unknown() {
    is_unknown(Reply::new(502, "<html>Bad Gateway</html>").with("content-type", "text/html").into()).await;
}

#[tokio::test]
async fn a_request_timeout_of_the_provider_is_unknown() {
    is_unknown(Reply::mailgun_refuses(408, "Request Timeout").into()).await;
}

#[tokio::test]
async fn any_other_redirect_is_unknown() {
    for status in [300, 303, 304] {
        is_unknown(Reply::new(status, "").with("location", "http://127.0.0.1:1/").into()).await;
    }
}

#[tokio::test]
async fn an_acceptance_that_cannot_be_read_is_unknown_where_a_body_is_due() {
    is_unknown(Reply::new(200, "{\"id\": \"<1@mg").into()).await;
    is_unknown(Reply::endless(200).into()).await;
}

#[tokio::test]
async fn wrong_base_url_proves_that_nothing_was_taken() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.answers(200, "Mailgun Magnificent API");
    let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:unavailable", "sg:accepted"]);
}

#[tokio::test]
async fn the_request_deadline_after_hand_over_is_unknown() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.does(Behaviour::Stall);
    let settings = Settings::server().mailgun(&mailgun.url()).with("SMSP_REQUEST_DEADLINE", "600ms");
    let settings = settings.with("SMSP_CONNECT_TIMEOUT", "200ms");
    let proxy = Proxy::start(settings).await;
    let started = Instant::now();
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?} {answer}", started.elapsed());
    assert_eq!(answer.attempts(), ["mg:unknown"], "{answer}");
}

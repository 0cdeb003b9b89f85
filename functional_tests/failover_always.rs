//! `SMSP_FAILOVER=always`: a mail that a provider may have goes to the next one all the same, and the receipt says so.

use std::time::Duration;

use crate::harness::{Answer, Behaviour, Proxy, RefusingPort, Reply, Settings, StubProvider, mails};

/// With circuits that never open.
async fn at_least_once(mailgun: &str, sendgrid: &str) -> Proxy {
    let settings = Settings::mailgun_then_sendgrid(mailgun, sendgrid).patient_circuits();
    Proxy::start(settings.with("SMSP_FAILOVER", "always").with("SMSP_ATTEMPT_TIMEOUT", "1500ms")).await
}

#[track_caller]
fn admits_a_duplicate(answer: &Answer, expected: bool) {
    let shown = answer.json.get("possible_duplicate");
    assert_eq!(shown, expected.then_some(&true.into()), "true, or not there at all: {answer}");
}

#[tokio::test]
async fn a_mail_that_a_provider_may_have_goes_to_the_next_and_is_called_a_possible_duplicate() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = at_least_once(&mailgun.url(), &sendgrid.url()).await;
    let unreadable = || Reply::new(200, "{\"id\": \"<1@mg");
    let silences = [Behaviour::Stall, Behaviour::Reset, Behaviour::Close, Reply::new(500, "").into()];
    let silences: Vec<_> = silences.into_iter().chain([unreadable().into()]).collect();
    for (number, silence) in silences.into_iter().enumerate() {
        mailgun.does(silence);
        let receipt = proxy.client.send(&mails::plain()).await.expect(200);
        assert_eq!(receipt.attempts(), ["mg:unknown", "sg:accepted"], "{number}: {receipt}");
        assert_eq!(receipt.json["provider"], "sg", "{number}: {receipt}");
        admits_a_duplicate(&receipt, true);
        let (first, second) = (mailgun.mails(), sendgrid.mails());
        assert_eq!((first.len(), second.len()), (number + 1, number + 1), "one more at each: {receipt}");
        assert_eq!(first[number].parts("v:smsp_id"), [receipt.json["id"].as_str().unwrap_or_default()]);
        let second = second[number].json();
        assert_eq!(second["personalizations"][0]["custom_args"]["smsp_id"], receipt.json["id"], "one mail, one id");
    }
}

#[tokio::test]
async fn a_mail_that_nobody_else_can_have_is_not_called_a_possible_duplicate() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = at_least_once(&mailgun.url(), &sendgrid.url()).await;
    let receipt = proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
    admits_a_duplicate(&receipt, false);
    mailgun.answers(418, "I'm a teapot");
    let receipt = proxy.client.send(&mails::plain()).await.expect(200);
    admits_a_duplicate(&receipt.expect_attempts(&["mg:unclassified", "sg:accepted"]), false);
    let nobody = RefusingPort::reserve();
    let proxy = at_least_once(&nobody.url(), &sendgrid.url()).await;
    let receipt = proxy.client.send(&mails::plain()).await.expect(200);
    admits_a_duplicate(&receipt.expect_attempts(&["mg:unavailable", "sg:accepted"]), false);
}

#[tokio::test]
async fn mail_that_every_provider_may_have_is_unknown_and_was_sent_once_to_each() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Behaviour::Close);
    sendgrid.answers(500, "");
    let proxy = at_least_once(&mailgun.url(), &sendgrid.url()).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    assert_eq!(answer.attempts(), ["mg:unknown", "sg:unknown"], "{answer}");
    admits_a_duplicate(&answer, false);
    mailgun.only_mail();
    sendgrid.only_mail();
}

#[tokio::test]
async fn no_later_refusal_makes_an_unknown_certain() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Behaviour::Close);
    let proxy = at_least_once(&mailgun.url(), &sendgrid.url()).await;
    for (reply, outcome) in [
        (Reply::sendgrid_refuses(400, "Does not contain a valid address."), "sg:message_rejected"),
        (Reply::sendgrid_refuses(418, "teapot"), "sg:unlisted"),
        (Reply::sendgrid_refuses(401, "key"), "sg:account_refused"),
    ] {
        sendgrid.does(reply.into());
        let answer = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
        assert_eq!(answer.attempts(), ["mg:unknown", outcome], "{answer}");
    }
    assert_eq!(proxy.client.state("sg").await, "open", "the refused account");
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    assert_eq!(answer.attempts(), ["mg:unknown"], "{answer}");
}

#[tokio::test]
async fn a_rejected_message_and_an_accepted_one_go_nowhere_else() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = at_least_once(&mailgun.url(), &sendgrid.url()).await;
    mailgun.does(Behaviour::AnswerAfter(Duration::from_millis(200), Reply::mailgun_accepts()));
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
    mailgun.does(Reply::mailgun_refuses(400, "to parameter is not a valid address").into());
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(422, "none", false);
    assert_eq!(answer.attempts(), ["mg:message_rejected"], "{answer}");
    assert_eq!(sendgrid.connections(), 0);
}

//! A caller who hangs up changes nothing: the mail goes its way, and its outcome is counted.

use crate::harness::raw::{Raw, head};
use crate::harness::settings::API_KEY;
use crate::harness::wait::when;
use crate::harness::{Behaviour, Gate, Proxy, Reply, Settings, StubProvider, eventually, mails};

/// Sends a mail, and hangs up once the provider has it.
async fn send_and_hang_up(proxy: &Proxy, mailgun: &StubProvider) {
    let mail = mails::plain().to_string();
    let mut caller = Raw::connect(proxy.api).await;
    caller.write(&head(&[&format!("content-length: {}", mail.len()), &format!("x-api-key: {API_KEY}")])).await;
    caller.write(&mail).await;
    mailgun.receives_mails(1).await;
}

async fn is_counted(proxy: &Proxy, outcome: &str) {
    eventually(&format!("the outcome {outcome} is counted"), async || {
        let metrics = proxy.client.metrics().await;
        let count = metrics.count("smsp_attempts_total", &[("upstream", "mg"), ("outcome", outcome)]);
        when(count == 1, || metrics.page)
    })
    .await;
}

#[tokio::test]
async fn mail_of_a_disconnected_caller_arrives_and_is_counted() {
    let mailgun = StubProvider::mailgun().await;
    let gate = Gate::shut();
    mailgun.does(Behaviour::AnswerBehind(gate.clone(), Reply::mailgun_accepts()));
    let proxy = Proxy::before(&mailgun).await;
    send_and_hang_up(&proxy, &mailgun).await;
    gate.open();
    is_counted(&proxy, "accepted").await;
    mailgun.only_mail();
    assert_eq!(proxy.client.state("mg").await, "closed");
}

#[tokio::test]
async fn half_closed_connection_still_gets_its_answer() {
    let mailgun = StubProvider::mailgun().await;
    let gate = Gate::shut();
    mailgun.does(Behaviour::AnswerBehind(gate.clone(), Reply::mailgun_accepts()));
    let proxy = Proxy::before(&mailgun).await;
    let mail = mails::plain().to_string();
    let mut caller = Raw::connect(proxy.api).await;
    caller.write(&head(&[&format!("content-length: {}", mail.len()), &format!("x-api-key: {API_KEY}")])).await;
    caller.write(&mail).await;
    caller.shut().await;
    mailgun.receives_mails(1).await;
    gate.open();
    let answer = caller.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn failure_after_the_caller_disconnected_still_opens_the_circuit() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.does(Behaviour::Stall);
    let settings = Settings::server().mailgun(&mailgun.url()).one_failure_opens();
    let proxy = Proxy::start(settings.with("SMSP_ATTEMPT_TIMEOUT", "500ms")).await;
    send_and_hang_up(&proxy, &mailgun).await;
    is_counted(&proxy, "unknown").await;
    assert_eq!(proxy.client.state("mg").await, "open");
}

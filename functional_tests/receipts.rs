//! What a receipt and a problem tell of the way of a mail: every attempt, what it came to, why, and how long it took.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;

use crate::harness::wait::when;
use crate::harness::{Behaviour, Proxy, RefusingPort, Reply, Settings, StubProvider, eventually, mails};

/// Outcome, reason, and the milliseconds that it may have taken.
type Expected<'a> = (&'a str, &'a str, RangeInclusive<u64>);

const AT_ONCE: RangeInclusive<u64> = 0..=2000;
const NEVER_HANDED_OVER: RangeInclusive<u64> = 0..=0;

#[track_caller]
fn tells(attempts: &Value, expected: &[Expected<'_>]) {
    let attempts = attempts.as_array().unwrap_or_else(|| panic!("no list: {attempts}"));
    assert_eq!(attempts.len(), expected.len(), "{attempts:#?}");
    for (attempt, (outcome, reason, took)) in attempts.iter().zip(expected) {
        assert_eq!((&attempt["outcome"], &attempt["reason"]), (&(*outcome).into(), &(*reason).into()), "{attempts:#?}");
        assert!(attempt["duration_ms"].as_u64().is_some_and(|millis| took.contains(&millis)), "{took:?} {attempts:#?}");
    }
}

#[tokio::test]
async fn receipt_lists_every_attempt_in_order() {
    let nobody = RefusingPort::reserve();
    let [throttled, refused, slow, silent, taker] = five().await;
    throttled.does(Reply::sendgrid_refuses(429, "too many requests").into());
    refused.does(Reply::sendgrid_refuses_the_sender().into());
    slow.does(Behaviour::AnswerAfter(Duration::from_millis(300), Reply::new(500, "")));
    silent.does(Behaviour::Stall);
    let urls = [nobody.url(), throttled.url(), refused.url(), slow.url(), silent.url(), taker.url()];
    let names = ["a", "b", "c", "d", "e", "f"];
    let accounts: Vec<_> = names.into_iter().zip(urls.iter().map(String::as_str)).collect();
    let settings = Settings::accounts(&accounts).with("SMSP_FAILOVER", "always").with("SMSP_ATTEMPT_TIMEOUT", "2s");
    let proxy = Proxy::start(settings.patient_circuits()).await;
    let receipt = proxy.client.send(&mails::plain()).await.expect(200);
    let mut expected = [
        ("unavailable", "connect", AT_ONCE),
        ("throttled", "http_429", AT_ONCE),
        ("sender_rejected", "http_403", AT_ONCE),
        ("unknown", "http_500", 300..=1999),
        ("unknown", "timeout", 2000..=4000),
        ("accepted", "http_202", AT_ONCE),
    ];
    tells(receipt.at("/attempts"), &expected);
    let providers = receipt.at("/attempts").as_array().into_iter().flatten().map(|attempt| attempt["provider"].clone());
    assert_eq!(providers.collect::<Vec<_>>(), names, "{receipt}");
    // The second mail finds one circuit open and one sender held.
    let receipt = proxy.client.send(&mails::plain()).await.expect(200);
    expected[2] = ("sender_rejected", "sender_held", NEVER_HANDED_OVER);
    tells(receipt.at("/attempts"), &[&expected[..1], &expected[2..]].concat());
    refused.only_mail();
}

async fn five() -> [StubProvider; 5] {
    let sendgrid = StubProvider::sendgrid;
    [sendgrid().await, sendgrid().await, sendgrid().await, sendgrid().await, sendgrid().await]
}

#[tokio::test]
async fn unknown_delivery_is_logged_with_its_id_and_without_addresses() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Behaviour::Close);
    let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    let told = eventually("the log names the id", async || {
        let logs = proxy.logs();
        let of_it: Vec<_> = logs.iter().filter(|event| event["id"] == answer.json["id"]).cloned().collect();
        when(of_it.iter().any(|event| event["outcome"].is_null()), || format!("{logs:#?}")).map(|()| of_it)
    })
    .await;
    let attempt = told.iter().find(|event| event["outcome"] == "unknown").unwrap_or_else(|| panic!("{told:#?}"));
    assert_eq!((&attempt["upstream"], &attempt["level"]), (&"mg".into(), &"WARN".into()), "{told:#?}");
    let mail = told.iter().find(|event| event["outcome"].is_null()).unwrap_or_else(|| panic!("{told:#?}"));
    assert_eq!(mail["level"], "WARN", "an operator has to look: {told:#?}");
    assert_eq!((&mail["upstream"], &mail["request_id"]), (&"mg".into(), &answer.json["request_id"]), "{told:#?}");
    let all = format!("{:?}", proxy.logs());
    assert!(!all.contains("example.com") && !all.contains("example.net"), "{all}");
}

#[tokio::test]
async fn certain_delivery_logs_no_unknown() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Behaviour::Close);
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url()).with("SMSP_FAILOVER", "always");
    let proxy = Proxy::start(settings).await;
    let receipt = proxy.client.send(&mails::plain()).await.expect(200);
    let request = receipt.header("x-request-id").unwrap_or_default();
    let told = eventually("the request is in the log, its last line", async || {
        let logs = proxy.logs();
        let over = logs.iter().any(|event| event["request_id"] == request && event["message"] == "request");
        let is_of_mail = |event: &&Value| event["id"] == receipt.json["id"] && event["message"] != "request";
        let of_it = logs.iter().filter(is_of_mail).cloned().collect::<Vec<_>>();
        when(over, || format!("{logs:#?}")).map(|()| of_it)
    })
    .await;
    let outcomes: Vec<_> = told.iter().map(|event| event["outcome"].clone()).collect();
    assert_eq!(outcomes, ["unknown", "accepted"], "one line for each attempt, and no other: {told:#?}");
}

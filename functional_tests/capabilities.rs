//! A mail that a provider could not carry whole is not offered to it: another one gets it, or the caller hears why not.

mod random;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Answer, Proxy, Settings, StubProvider, mails};

/// A mail to so many, nearly all of them in Bcc, which a Maildir does not spell out.
fn to(count: usize) -> Value {
    let mut hidden: Vec<_> = (0..count).map(|number| format!("r{number}@example.net")).collect();
    let shown = hidden.split_off(count - 2);
    let mut mail = mails::but("to", json!(shown));
    mail["bcc"] = json!(hidden);
    mail
}

#[track_caller]
fn was_passed_over(answer: &Answer, place: usize, upstream: &str, reason: &str) {
    let expected = json!({"provider": upstream, "outcome": "not_capable", "reason": reason, "duration_ms": 0});
    assert_eq!(answer.at(&format!("/attempts/{place}")), &expected, "{answer}");
}

async fn skipped(proxy: &Proxy, upstream: &str) -> u64 {
    let labels = [("upstream", upstream), ("reason", "not_capable")];
    proxy.client.metrics().await.count("smsp_skipped_total", &labels)
}

fn generous(mailgun: &StubProvider, sendgrid: &StubProvider) -> Settings {
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url());
    // A debug build on a busy machine takes its time for so many bytes.
    let settings = settings.with("SMSP_REQUEST_DEADLINE", "25s");
    settings.with("SMSP_MAX_RECIPIENTS", "2000").with("SMSP_MAX_BODY", "40MiB")
}

fn with_maildir(settings: Settings, dir: &Path) -> Settings {
    settings.with("SMSP_PROVIDERS", "mg,sg,maildir").with("SMSP_MAILDIR_DIR", &dir.display().to_string())
}

#[tokio::test]
async fn mail_with_too_many_recipients_for_one_provider_goes_to_another() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let dir = tempfile::tempdir().expect("a folder");
    // Even where no failure leads further: this is none.
    for (count, failover) in ["never", "safe", "always"].into_iter().enumerate() {
        let settings = with_maildir(generous(&mailgun, &sendgrid), dir.path()).with("SMSP_FAILOVER", failover);
        let proxy = Proxy::start(settings).await;
        let receipt = proxy.client.send(&to(1001)).await.expect(200);
        assert_eq!(receipt.attempts(), ["mg:not_capable", "sg:not_capable", "maildir:accepted"], "{receipt}");
        was_passed_over(&receipt, 0, "mg", "recipients");
        was_passed_over(&receipt, 1, "sg", "recipients");
        assert_eq!((skipped(&proxy, "mg").await, skipped(&proxy, "sg").await), (1, 1));
        assert_eq!(fs::read_dir(dir.path().join("new")).expect("a Maildir").count(), count + 1);
        assert_eq!(proxy.client.circuit("mg").await["window"], json!({"ok": 0, "failed": 0, "slow": 0}));
    }
    assert_eq!((mailgun.connections(), sendgrid.connections()), (0, 0));
}

#[tokio::test]
async fn mail_with_the_maximum_of_recipients_is_sent() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = Proxy::start(generous(&mailgun, &sendgrid)).await;
    proxy.client.send(&to(1000)).await.expect(200).expect_attempts(&["mg:accepted"]);
    let mail = mailgun.only_mail();
    let offered = ["to", "cc", "bcc"].map(|field| mail.parts(field).join(", ").matches('@').count());
    assert_eq!(offered, [2, 0, 998]);
}

#[tokio::test]
async fn a_mail_that_no_provider_can_carry_is_refused_without_a_call() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = Proxy::start(generous(&mailgun, &sendgrid)).await;
    let answer = proxy.client.send(&to(1001)).await.expect_problem(422, "none", false);
    assert_eq!(answer.json["type"], "urn:smsp:problem:not-capable", "{answer}");
    assert_eq!(answer.attempts(), ["mg:not_capable", "sg:not_capable"], "{answer}");
    let lacks = |upstream| json!({"field": "to", "reason": format!("{upstream} cannot carry so many recipients")});
    assert_eq!(answer.json["errors"], json!([lacks("mg"), lacks("sg")]), "{answer}");
    assert_eq!((mailgun.connections(), sendgrid.connections()), (0, 0));
    assert_eq!((skipped(&proxy, "mg").await, skipped(&proxy, "sg").await), (1, 1));
    assert_eq!(proxy.client.metrics().await.count("smsp_attempts_total", &[]), 0, "no hand-over");
}

#[tokio::test]
async fn open_circuit_without_the_capability_makes_no_503() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = Proxy::start(generous(&mailgun, &sendgrid)).await;
    proxy.client.order("sg", &json!({"override": "open"})).await.expect(200);
    let answer = proxy.client.send(&to(1001)).await.expect_problem(422, "none", false);
    assert_eq!(answer.json["type"], "urn:smsp:problem:not-capable", "{answer}");
}

#[tokio::test]
async fn open_circuit_with_the_capability_makes_a_503() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let dir = tempfile::tempdir().expect("a folder");
    let proxy = Proxy::start(with_maildir(generous(&mailgun, &sendgrid), dir.path())).await;
    proxy.client.order("maildir", &json!({"override": "open"})).await.expect(200);
    let answer = proxy.client.send(&to(1001)).await.expect_problem(503, "none", true);
    assert_eq!(answer.attempts(), ["mg:not_capable", "sg:not_capable"], "{answer}");
    assert!(answer.retry_after() >= 1, "{answer}");
}

#[tokio::test]
async fn a_mail_too_large_for_one_provider_goes_to_a_larger_one() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = Proxy::start(generous(&mailgun, &sendgrid)).await;
    let text = "0123456789abcde\n".repeat(26_000_000 / 16);
    let receipt = proxy.client.send(&mails::but("text", json!(text))).await.expect(200);
    assert_eq!(receipt.attempts(), ["mg:not_capable", "sg:accepted"], "{receipt}");
    was_passed_over(&receipt, 0, "mg", "size");
    assert_eq!(mailgun.connections(), 0);
    assert!(sendgrid.only_mail().json()["content"][0]["value"] == text.as_str(), "the text differs");
}

#[tokio::test]
async fn a_mail_too_large_for_all_is_refused_without_a_call() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = Proxy::start(generous(&mailgun, &sendgrid)).await;
    let mail = mails::but("text", json!("x".repeat(30_000_001)));
    let answer = proxy.client.send(&mail).await.expect_problem(422, "none", false);
    assert_eq!(answer.json["type"], "urn:smsp:problem:not-capable", "{answer}");
    was_passed_over(&answer, 0, "mg", "size");
    was_passed_over(&answer, 1, "sg", "size");
    assert_eq!((mailgun.connections(), sendgrid.connections()), (0, 0));
}

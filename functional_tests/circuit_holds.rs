//! Circuits that are held: by a provider that throttles, by an account that is refused, or by a start that trusts nobody.

use std::time::Duration;

use serde_json::json;

use crate::harness::wait::when;
use crate::harness::{Behaviour, Gate, Proxy, Reply, Settings, StubProvider, eventually, mails};

pub(crate) async fn becomes(proxy: &Proxy, state: &str) {
    eventually(&format!("the circuit is {state}"), async || {
        let circuit = proxy.client.circuit("mg").await;
        if circuit["state"] == state { Ok(()) } else { Err(circuit.to_string()) }
    })
    .await;
}

/// Waits until the supervisor has said when it probes next, and that this is so long from now.
async fn waits_about(proxy: &Proxy, reason: &str, wait: Duration) {
    let (least, most) = (wait.mul_f64(0.7).as_millis(), wait.mul_f64(1.25).as_millis());
    eventually(&format!("the circuit is open, {reason}, for about {wait:?}"), async || {
        let circuit = proxy.client.circuit("mg").await;
        let next = u128::from(circuit["next_probe_in_ms"].as_u64().unwrap_or_default());
        let held = circuit["state"] == "open" && circuit["reason"] == reason && (least..most).contains(&next);
        if held { Ok(()) } else { Err(circuit.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn a_refused_account_opens_at_once_and_is_probed_after_the_poll_interval() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.answers(401, "Forbidden");
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url());
    let proxy = Proxy::start(settings.with("SMSP_CIRCUIT_CONSECUTIVE_FAILURES", "5")).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:account_refused", "sg:accepted"]);
    waits_about(&proxy, "account_refused", Duration::from_mins(1)).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
    let alarm = |event: &serde_json::Value| event["level"] == "ERROR" && event["outcome"] == "account_refused";
    // What it has written may not be read yet.
    eventually("an operator is called", async || {
        let alarms = proxy.logs().into_iter().filter(alarm).count();
        when(alarms == 1, || format!("{alarms} times"))
    })
    .await;
}

#[tokio::test]
async fn account_refused_to_a_probe_waits_for_the_account_hold() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.answers(401, "Forbidden");
    let settings = Settings::server().mailgun(&mailgun.url()).eager_probes().with("SMSP_ACCOUNT_HOLD", "7m");
    let proxy = Proxy::start(settings).await;
    proxy.client.send(&mails::plain()).await.expect_problem(502, "none", false);
    mailgun.receives_probes(1).await;
    waits_about(&proxy, "account_refused", Duration::from_mins(7)).await;
    assert_eq!(mailgun.probes().len(), 1);
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    assert!((300..510).contains(&answer.retry_after()), "{answer}");
}

#[tokio::test]
async fn a_throttled_circuit_is_held_for_as_long_as_the_provider_asks() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Reply::mailgun_refuses(429, "slow down").with("retry-after", "600").into());
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url()).eager_probes();
    let proxy = Proxy::start(settings).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:throttled", "sg:accepted"]);
    waits_about(&proxy, "throttled", Duration::from_mins(10)).await;
    assert_eq!(proxy.client.circuit("mg").await["trips"], 0, "it has not failed");
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
    mailgun.only_mail();
}

#[tokio::test]
async fn one_probe_closes_a_throttled_circuit_and_it_takes_all_mail_at_once() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.does(Reply::mailgun_refuses(429, "slow down").with("retry-after", "1").into());
    let settings = Settings::server().mailgun(&mailgun.url()).with("SMSP_CIRCUIT_PROBES_TO_CLOSE", "3");
    let proxy = Proxy::start(settings).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    // The probe goes out at the second that was asked for, or up to a fifth later.
    assert!((1..=2).contains(&answer.retry_after()), "{answer}");
    mailgun.does(Reply::mailgun_accepts().into());
    becomes(&proxy, "closed").await;
    let circuit = proxy.client.circuit("mg").await;
    assert_eq!((&circuit["ramp"], &circuit["trips"]), (&json!(1.0), &json!(0)), "{circuit}");
    assert_eq!(mailgun.probes().len(), 1);
}

#[tokio::test]
async fn a_circuit_that_starts_with_a_probe_spends_no_real_mail_on_a_dead_provider() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Behaviour::Close);
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url()).eager_probes();
    let proxy = Proxy::start(settings.with("SMSP_MG_CIRCUIT_START", "probe")).await;
    for probes in 1..4 {
        proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
        mailgun.receives_probes(probes).await;
    }
    assert!(mailgun.mails().is_empty() && sendgrid.probes().is_empty());
}

#[tokio::test]
async fn a_circuit_that_starts_with_a_probe_takes_all_mail_once_one_probe_was_taken() {
    let (mailgun, gate) = (StubProvider::mailgun().await, Gate::shut());
    mailgun.does(Behaviour::AnswerBehind(gate.clone(), Reply::mailgun_accepts()));
    let settings = Settings::server().mailgun(&mailgun.url()).with("SMSP_CIRCUIT_START", "probe");
    let proxy = Proxy::start(settings).await;
    mailgun.receives_probes(1).await;
    proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    assert!(mailgun.mails().is_empty());
    gate.open();
    becomes(&proxy, "closed").await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
    assert_eq!((mailgun.probes().len(), &proxy.client.circuit("mg").await["ramp"]), (1, &json!(1.0)));
}

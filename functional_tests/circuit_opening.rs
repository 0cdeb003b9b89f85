//! Circuits open: after the configured failures in a row, for real mail at once, and honestly towards the caller.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::harness::{Behaviour, Proxy, RefusingPort, Reply, Settings, StubProvider, eventually, mails};

/// Two providers that refuse connections, behind circuits that one failure has opened.
async fn both_open(nobody: &RefusingPort) -> Proxy {
    let settings = Settings::mailgun_then_sendgrid(&nobody.url(), &nobody.url()).one_failure_opens();
    let proxy = Proxy::start(settings.with("SMSP_SG_CIRCUIT_CONSECUTIVE_FAILURES", "1")).await;
    proxy.client.send(&mails::plain()).await.expect_problem(502, "none", true);
    proxy
}

/// Milliseconds to the next probe, once the supervisor has set it: from then on it only falls.
async fn next_probe(proxy: &Proxy, name: &str) -> u64 {
    eventually("an open circuit has a next probe", async || {
        let (before, after) = (proxy.client.circuit(name).await, proxy.client.circuit(name).await);
        let millis = |circuit: &Value| circuit["next_probe_in_ms"].as_u64();
        match (millis(&before), millis(&after)) {
            (Some(before), Some(after)) if after <= before && before - after < 1000 => Ok(after),
            _ => Err(format!("{before} {after}")),
        }
    })
    .await
}

#[tokio::test]
async fn a_call_that_times_out_is_unknown_opens_the_circuit_and_goes_nowhere_else() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Behaviour::Stall);
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url()).one_failure_opens();
    let proxy = Proxy::start(settings.with("SMSP_ATTEMPT_TIMEOUT", "500ms")).await;
    let started = Instant::now();
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    assert_eq!(answer.attempts(), ["mg:unknown"], "{answer}");
    assert!(started.elapsed() >= Duration::from_millis(500), "{:?} {answer}", started.elapsed());
    assert_eq!(proxy.client.state("mg").await, "open");
    mailgun.only_mail();
    assert_eq!(sendgrid.connections(), 0, "{answer}");
}

#[tokio::test]
async fn only_failures_in_a_row_open_a_circuit() {
    let mailgun = StubProvider::mailgun().await;
    let settings = Settings::server().mailgun(&mailgun.url()).with("SMSP_CIRCUIT_CONSECUTIVE_FAILURES", "3");
    let proxy = Proxy::start(settings).await;
    for statuses in [[500, 500, 200], [500, 500, 200]] {
        for status in statuses {
            mailgun.does(if status == 200 { Reply::mailgun_accepts() } else { Reply::new(status, "") }.into());
            proxy.client.send(&mails::plain()).await.expect(if status == 200 { 200 } else { 504 });
            assert_eq!(proxy.client.state("mg").await, "closed");
        }
    }
    mailgun.answers(500, "");
    for state in ["closed", "closed", "open"] {
        proxy.client.send(&mails::plain()).await.expect(504);
        assert_eq!(proxy.client.state("mg").await, state);
    }
}

#[tokio::test]
async fn failure_threshold_is_per_upstream() {
    let nobody = RefusingPort::reserve();
    let settings = Settings::mailgun_then_sendgrid(&nobody.url(), &nobody.url());
    let proxy = Proxy::start(settings.with("SMSP_MG_CIRCUIT_CONSECUTIVE_FAILURES", "1")).await;
    proxy.client.send(&mails::plain()).await.expect_problem(502, "none", true);
    assert_eq!(proxy.client.state("mg").await, "open");
    assert_eq!(proxy.client.state("sg").await, "closed");
}

#[tokio::test]
async fn attempt_timeout_is_per_upstream() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.does(Behaviour::Stall);
    let settings = Settings::server().mailgun(&mailgun.url()).with("SMSP_MG_ATTEMPT_TIMEOUT", "400ms");
    let proxy = Proxy::start(settings).await;
    let started = Instant::now();
    proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn all_open_is_503_and_retry_after_is_the_next_probe() {
    let nobody = RefusingPort::reserve();
    let proxy = both_open(&nobody).await;
    let earliest = next_probe(&proxy, "mg").await.min(next_probe(&proxy, "sg").await);
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    assert!(answer.attempts().is_empty(), "no attempt along an open circuit: {answer}");
    assert!(answer.retry_after().abs_diff(earliest.div_ceil(1000)) <= 1, "{earliest} ms\n{answer}");
}

#[tokio::test]
async fn an_open_circuit_and_a_refusing_one_are_503() {
    let (nobody, sendgrid) = (RefusingPort::reserve(), StubProvider::sendgrid().await);
    sendgrid.answers(418, "");
    let settings = Settings::mailgun_then_sendgrid(&nobody.url(), &sendgrid.url());
    let proxy = Proxy::start(settings.with("SMSP_MG_CIRCUIT_CONSECUTIVE_FAILURES", "1")).await;
    proxy.client.send(&mails::plain()).await.expect_problem(502, "none", true);
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    assert_eq!(answer.attempts(), ["sg:unclassified"], "{answer}");
    assert!(answer.retry_after() >= 1, "{answer}");
}

#[tokio::test]
async fn open_circuits_do_not_fail_the_health_check() {
    let nobody = RefusingPort::reserve();
    let proxy = both_open(&nobody).await;
    proxy.client.healthcheck().await.expect(200);
    proxy.client.ops("/livez").await.expect(200);
    proxy.client.ops("/readyz").await.expect(200);
}

#[tokio::test]
async fn get_circuits_lists_every_circuit() {
    let (nobody, sendgrid) = (RefusingPort::reserve(), StubProvider::sendgrid().await);
    let settings = Settings::mailgun_then_sendgrid(&nobody.url(), &sendgrid.url()).one_failure_opens();
    let proxy = Proxy::start(settings).await;
    let before = proxy.client.circuit("mg").await;
    assert_eq!((&before["state"], &before["next_probe_in_ms"]), (&"closed".into(), &Value::Null), "{before}");
    proxy.client.send(&mails::plain()).await.expect(200);
    let (mg, sg) = (proxy.client.circuit("mg").await, proxy.client.circuit("sg").await);
    assert_eq!((&mg["kind"], &mg["state"]), (&"mailgun".into(), &"open".into()), "{mg}");
    assert_eq!((&sg["kind"], &sg["state"]), (&"sendgrid".into(), &"closed".into()), "{sg}");
    assert!(mg["generation"].as_u64() > before["generation"].as_u64(), "{before} {mg}");
    let metrics = proxy.client.metrics().await;
    for (upstream, state, value) in [("mg", "open", 1), ("mg", "closed", 0), ("sg", "closed", 1), ("sg", "open", 0)] {
        let labels = [("upstream", upstream), ("state", state)];
        assert!(metrics.has("smsp_circuit_state", &labels), "{upstream} {state}\n{}", metrics.page);
        assert_eq!(metrics.count("smsp_circuit_state", &labels), value, "{upstream} {state}\n{}", metrics.page);
    }
}

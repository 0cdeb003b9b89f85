//! What a circuit tells of itself: to people at `GET /circuits`, to Prometheus, and in one line of log per transition.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Value, json};

use crate::harness::{Behaviour, Gate, Proxy, Reply, Settings, StubProvider, eventually, mails};

#[track_caller]
fn within(value: &Value, range: Range<u64>) {
    assert!(value.as_u64().is_some_and(|number| range.contains(&number)), "{value} is not in {range:?}");
}

#[tokio::test]
async fn closed_circuit_shows_its_window_and_no_next_probe() {
    let mailgun = StubProvider::mailgun().await;
    let settings = Settings::server().mailgun(&mailgun.url()).with("SMSP_CIRCUIT_SLOW_CALL", "1s");
    let proxy = Proxy::start(settings.with("SMSP_CIRCUIT_WINDOW", "10m")).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    mailgun.does(Behaviour::AnswerAfter(std::time::Duration::from_millis(1100), Reply::mailgun_accepts()));
    proxy.client.send(&mails::plain()).await.expect(200);
    mailgun.answers(500, "");
    proxy.client.send(&mails::plain()).await.expect(504);
    let circuit = proxy.client.circuit("mg").await;
    assert_eq!(circuit["window"], json!({"ok": 2, "failed": 1, "slow": 1}), "{circuit}");
    assert_eq!((&circuit["state"], &circuit["override"]), (&json!("closed"), &json!("auto")), "{circuit}");
    assert_eq!((&circuit["trips"], &circuit["ramp"]), (&json!(0), &json!(1.0)), "{circuit}");
    for absent in ["reason", "outage_ms", "next_probe_in_ms"] {
        assert_eq!(circuit[absent], Value::Null, "{absent} in {circuit}");
    }
    within(&circuit["for_ms"], 1100..60_000);
}

#[tokio::test]
async fn open_circuit_shows_reason_age_and_next_probe() {
    let mailgun = StubProvider::mailgun().await;
    let proxy = Proxy::before(&mailgun).await;
    mailgun.does(Behaviour::Close);
    proxy.client.send(&mails::plain()).await.expect(504);
    let circuit = proxy.client.circuit("mg").await;
    assert_eq!((&circuit["state"], &circuit["reason"]), (&json!("open"), &json!("consecutive_failures")), "{circuit}");
    assert_eq!((&circuit["trips"], &circuit["ramp"]), (&json!(1), &json!(0.0)), "{circuit}");
    assert_eq!(circuit["window"], json!({"ok": 0, "failed": 0, "slow": 0}), "it starts anew: {circuit}");
    within(&circuit["for_ms"], 0..10_000);
    within(&circuit["outage_ms"], 0..10_000);
    within(&circuit["next_probe_in_ms"], 38_000..73_000);
    let metrics = proxy.client.metrics().await;
    let wait = metrics.gauge("smsp_next_probe_seconds", &[("upstream", "mg")]);
    assert!((38.0..73.0).contains(&wait), "{wait}");
    assert_eq!(metrics.gauge("smsp_circuit_ramp", &[("upstream", "mg")]).to_bits(), 0.0f64.to_bits());
}

#[tokio::test]
async fn outage_age_counts_from_the_first_failure() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.does(Behaviour::Close);
    let settings = Settings::server().mailgun(&mailgun.url()).one_failure_opens().eager_probes();
    let proxy = Proxy::start(settings).await;
    proxy.client.send(&mails::plain()).await.expect(504);
    eventually("the circuit has opened again, and the outage is older than that", async || {
        let circuit = proxy.client.circuit("mg").await;
        let (state, outage) = (circuit["for_ms"].as_u64(), circuit["outage_ms"].as_u64());
        let again = circuit["trips"].as_u64() > Some(2) && circuit["reason"] == "probe_failed";
        if again && outage > state { Ok(()) } else { Err(circuit.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn overrides_and_their_effect_on_mail_are_in_the_metrics() {
    let (mailgun, sendgrid, gate) = (StubProvider::mailgun().await, StubProvider::sendgrid().await, Gate::shut());
    mailgun.does(Behaviour::AnswerBehind(gate.clone(), Reply::mailgun_accepts()));
    let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
    let client = proxy.client.clone();
    let sent = tokio::spawn(async move { client.send(&mails::plain()).await });
    mailgun.receives_mails(1).await;
    proxy.client.order("mg", &json!({"override": "open"})).await.expect(200);
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
    gate.open();
    sent.await.expect("a send does not panic").expect(200);
    let metrics = proxy.client.metrics().await;
    for (name, upstream, count) in [
        ("smsp_circuit_stale_results_total", "mg", 1),
        ("smsp_circuit_rejected_total", "mg", 1),
        ("smsp_circuit_stale_results_total", "sg", 0),
        ("smsp_circuit_rejected_total", "sg", 0),
    ] {
        assert_eq!(metrics.count(name, &[("upstream", upstream)]), count, "{name} {upstream}\n{}", metrics.page);
    }
    for (order, value) in [("auto", 0), ("open", 1), ("closed", 0)] {
        let labels = [("upstream", "mg"), ("override", order)];
        assert_eq!(metrics.count("smsp_circuit_override", &labels), value, "{order}\n{}", metrics.page);
    }
    let age = metrics.gauge("smsp_supervisor_age_seconds", &[("upstream", "mg")]);
    assert!((0.0..10.0).contains(&age), "{age}");
}

#[tokio::test]
async fn open_circuit_rejects_mail_that_would_have_come_to_it_and_no_other() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
    let rejections = async || {
        let metrics = proxy.client.metrics().await;
        ["mg", "sg"].map(|upstream| metrics.count("smsp_circuit_rejected_total", &[("upstream", upstream)]))
    };
    proxy.client.order("sg", &json!({"override": "open"})).await.expect(200);
    for _ in 0..3 {
        proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
    }
    assert_eq!(rejections().await, [0, 0], "no mail has wanted to go to sg");
    proxy.client.order("mg", &json!({"override": "open"})).await.expect(200);
    proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    assert_eq!(rejections().await, [1, 1], "to sg, once mg had rejected it");
    proxy.client.order("sg", &json!({"override": "auto"})).await.expect(200);
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
    assert_eq!(rejections().await, [2, 1]);
}

/// How often each reason stands in the log of transitions.
fn logged(proxy: &Proxy) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for event in proxy.logs() {
        let is_transition = event["message"].as_str().is_some_and(|message| message.starts_with("circuit "));
        if let Some(reason) = event["reason"].as_str().filter(|_| is_transition) {
            *counts.entry(reason.to_owned()).or_default() += 1;
        }
    }
    counts
}

#[tokio::test]
async fn every_transition_is_one_log_line_and_one_count_with_its_reason() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.follows(|request| if request.is_probe() { Reply::mailgun_accepts().into() } else { Behaviour::Close });
    let settings = Settings::server().mailgun(&mailgun.url()).one_failure_opens().eager_probes();
    let proxy = Proxy::start(settings.one_probe_closes()).await;
    proxy.client.send(&mails::plain()).await.expect(504);
    for order in [json!({"override": "open"}), json!({"override": "open"}), json!({"override": "auto"})] {
        proxy.client.order("mg", &order).await.expect(200);
    }
    eventually("the circuit has closed", async || {
        let circuit = proxy.client.circuit("mg").await;
        if circuit["state"] == "closed" { Ok(()) } else { Err(circuit.to_string()) }
    })
    .await;
    proxy.client.order("mg", &json!({"reset": true})).await.expect(200);
    let expected = [("consecutive_failures", 1), ("override", 2), ("probe_due", 1), ("probes_taken", 1), ("reset", 1)];
    let expected: BTreeMap<_, _> = expected.map(|(reason, count)| (reason.to_owned(), count)).into();
    eventually("the log names them all", async || {
        let logged = logged(&proxy);
        if logged == expected { Ok(()) } else { Err(format!("{logged:?}")) }
    })
    .await;
    let metrics = proxy.client.metrics().await;
    for (reason, count) in &expected {
        let labels = [("upstream", "mg"), ("reason", reason.as_str())];
        assert_eq!(metrics.count("smsp_circuit_transitions_total", &labels), *count, "{reason}\n{}", metrics.page);
    }
    let all = metrics.count("smsp_circuit_transitions_total", &[]);
    assert_eq!(all, expected.values().sum::<u64>(), "{}", metrics.page);
}

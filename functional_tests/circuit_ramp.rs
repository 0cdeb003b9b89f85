//! A circuit that has closed after an outage is on probation: it takes a share of the mail that grows, and opens sooner.

use serde_json::json;

use crate::circuit_holds::becomes;
use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, eventually, mails};

/// Mailgun has had an outage of one failure and is back; SendGrid has always worked.
async fn healed(mailgun: &StubProvider, sendgrid: &StubProvider, ramp: &str) -> Proxy {
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url()).eager_probes();
    let settings = settings.with("SMSP_CIRCUIT_EARLY_FAILURES", "0").with("SMSP_CIRCUIT_RAMP", ramp);
    let proxy = Proxy::start(settings.with("SMSP_CIRCUIT_PROBES_TO_CLOSE", "1")).await;
    mailgun.does(Behaviour::Close);
    for _ in 0..5 {
        proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    }
    mailgun.does(Reply::mailgun_accepts().into());
    becomes(&proxy, "closed").await;
    proxy
}

#[tokio::test]
async fn ramp_starts_at_a_tenth_of_the_mail() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = healed(&mailgun, &sendgrid, "10m").await;
    let before = mailgun.mails().len();
    for _ in 0..300 {
        proxy.client.send(&mails::plain()).await.expect(200);
    }
    let taken = mailgun.mails().len() - before;
    assert!((5..80).contains(&taken), "{taken} of 300");
    let circuit = proxy.client.circuit("mg").await;
    assert!(circuit["ramp"].as_f64().is_some_and(|share| (0.08..0.2).contains(&share)), "{circuit}");
}

#[tokio::test]
async fn ramp_ends_with_all_mail() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = healed(&mailgun, &sendgrid, "1s").await;
    eventually("it takes all", async || {
        let circuit = proxy.client.circuit("mg").await;
        if circuit["ramp"] == json!(1.0) { Ok(()) } else { Err(circuit.to_string()) }
    })
    .await;
    for _ in 0..20 {
        proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
    }
}

#[tokio::test]
async fn ramp_is_ignored_without_another_upstream() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = healed(&mailgun, &sendgrid, "10m").await;
    proxy.client.order("sg", &json!({"override": "open"})).await.expect(200);
    for _ in 0..20 {
        proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
    }
}

#[tokio::test]
async fn two_failures_open_a_ramping_circuit_whatever_the_threshold() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = healed(&mailgun, &sendgrid, "10m").await;
    proxy.client.order("sg", &json!({"override": "open"})).await.expect(200);
    mailgun.follows(|request| if request.is_probe() { Behaviour::Stall } else { Behaviour::Close });
    for state in ["closed", "open"] {
        proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
        let now = proxy.client.state("mg").await;
        assert!(now == state || (state, now.as_str()) == ("open", "half_open"), "{now}");
    }
    proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
}

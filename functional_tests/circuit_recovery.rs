//! Circuits close: probes alone go along an open one, and it takes as many good ones as configured to close it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::settings::POLL_ADDRESS;
use crate::harness::stub_provider::Request;
use crate::harness::wait::when;
use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, eventually, mails};

/// Takes probes well or badly; real mails always stall, so that each that arrives is seen to be lost.
fn heals(healthy: bool) -> impl FnMut(&Request) -> Behaviour + Send + 'static {
    move |request| match (request.is_probe(), healthy) {
        (true, true) => Reply::mailgun_accepts().into(),
        (true, false) => Reply::new(500, "").into(),
        (false, _) => Behaviour::Close,
    }
}

/// Mailgun's circuit is open, its provider refuses probes, and SendGrid works.
async fn opened(mailgun: &StubProvider, sendgrid: &StubProvider, settings: &[(&str, &str)]) -> Proxy {
    mailgun.follows(heals(false));
    let base = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url()).eager_probes();
    let base = base.with("SMSP_MG_CIRCUIT_CONSECUTIVE_FAILURES", "1");
    let proxy = Proxy::start(settings.iter().fold(base, |all, (name, value)| all.with(name, value))).await;
    proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    proxy
}

async fn becomes(proxy: &Proxy, state: &str) {
    eventually(&format!("the circuit is {state}"), async || {
        let circuit = proxy.client.circuit("mg").await;
        if circuit["state"] == state { Ok(()) } else { Err(circuit.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn no_real_mail_and_only_probes_reach_an_open_circuit() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = opened(&mailgun, &sendgrid, &[]).await;
    eventually("four probes reach the provider, while mails go elsewhere", async || {
        proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
        when(mailgun.probes().len() >= 4, || format!("{} probes", mailgun.probes().len()))
    })
    .await;
    mailgun.only_mail();
    assert!(!sendgrid.mails().is_empty() && sendgrid.probes().is_empty(), "nobody probes a closed circuit");
}

#[tokio::test]
async fn a_probe_is_a_real_mail_from_and_to_the_poll_addresses() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let _proxy = opened(&mailgun, &sendgrid, &[("SMSP_POLL_FROM_ADDRESS", "prober@example.com")]).await;
    mailgun.receives_probes(1).await;
    let (probe, mail) = (mailgun.probes().remove(0), mailgun.only_mail());
    assert_eq!(
        (probe.parts("from"), probe.parts("to")),
        (vec!["prober@example.com".into()], vec![POLL_ADDRESS.into()])
    );
    assert_eq!(probe.target, mail.target, "it goes to the address of real mail");
    assert_eq!(probe.header("authorization"), mail.header("authorization"));
}

#[tokio::test]
async fn a_probe_comes_from_the_poll_address_unless_told_otherwise() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let _proxy = opened(&mailgun, &sendgrid, &[]).await;
    mailgun.receives_probes(1).await;
    assert_eq!(mailgun.probes()[0].parts("from"), [POLL_ADDRESS]);
}

#[tokio::test]
async fn as_many_good_probes_as_configured_close_the_circuit() {
    for probes_to_close in [1, 2, 4] {
        let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
        let wanted = probes_to_close.to_string();
        let settings = [("SMSP_CIRCUIT_PROBES_TO_CLOSE", wanted.as_str()), ("SMSP_CIRCUIT_RAMP", "0s")];
        let proxy = opened(&mailgun, &sendgrid, &settings).await;
        mailgun.receives_probes(1).await;
        let good = counting_good_probes(&mailgun);
        becomes(&proxy, "closed").await;
        assert_eq!(good.load(Ordering::SeqCst), probes_to_close);
        mailgun.does(Reply::mailgun_accepts().into());
        proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
    }
}

/// From now on probes are taken, and counted.
fn counting_good_probes(mailgun: &StubProvider) -> Arc<AtomicUsize> {
    let good = Arc::new(AtomicUsize::new(0));
    let counted = good.clone();
    mailgun.follows(move |request| {
        counted.fetch_add(usize::from(request.is_probe()), Ordering::SeqCst);
        heals(true)(request)
    });
    good
}

#[tokio::test]
async fn a_bad_probe_among_good_ones_keeps_the_circuit_open() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = opened(&mailgun, &sendgrid, &[("SMSP_CIRCUIT_PROBES_TO_CLOSE", "3")]).await;
    let mut count = 0;
    mailgun.follows(move |request| {
        count += 1;
        heals(count % 3 != 0)(request)
    });
    let before = mailgun.probes().len();
    mailgun.receives_probes(before + 9).await;
    assert_ne!(proxy.client.state("mg").await, "closed");
    assert!(proxy.client.circuit("mg").await["trips"].as_u64() > Some(1), "{}", proxy.client.circuit("mg").await);
}

#[tokio::test]
async fn a_probe_that_is_rejected_as_a_message_proves_that_the_provider_works() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = opened(&mailgun, &sendgrid, &[]).await;
    mailgun.does(Reply::mailgun_refuses(400, "to parameter is not a valid address. please check documentation").into());
    becomes(&proxy, "closed").await;
}

#[tokio::test]
async fn a_silent_probe_ends_at_the_probe_timeout() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = opened(&mailgun, &sendgrid, &[("SMSP_PROBE_TIMEOUT", "200ms")]).await;
    mailgun.does(Behaviour::Stall);
    let before = mailgun.probes().len();
    mailgun.receives_probes(before + 3).await;
    assert_ne!(proxy.client.state("mg").await, "closed");
}

#[tokio::test]
async fn probes_are_counted() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = opened(&mailgun, &sendgrid, &[]).await;
    mailgun.receives_probes(2).await;
    let metrics = proxy.client.metrics().await;
    assert!(metrics.count("smsp_probes_total", &[("upstream", "mg")]) >= 1, "{}", metrics.page);
    assert_eq!(
        metrics.count("smsp_attempts_total", &[("upstream", "mg")]),
        1,
        "probes are no attempts\n{}",
        metrics.page
    );
}

#[tokio::test]
async fn a_half_open_circuit_takes_no_real_mail() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = opened(&mailgun, &sendgrid, &[("SMSP_PROBE_TIMEOUT", "10s")]).await;
    mailgun.does(Behaviour::Stall);
    becomes(&proxy, "half_open").await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
    mailgun.only_mail();
}

//! What a node does while no circuit takes mail, as `SMSP_ALL_OPEN` says.

use serde_json::json;

use crate::harness::wait::PATIENCE;
use crate::harness::{Behaviour, Gate, Proxy, RefusingPort, Reply, Settings, StubProvider, mails};

/// Mailgun refuses connections, SendGrid is where `sendgrid` says; one failure opens a circuit.
async fn start(all_open: &str, nobody: &RefusingPort, sendgrid: &str) -> Proxy {
    let settings = Settings::mailgun_then_sendgrid(&nobody.url(), sendgrid).one_failure_opens();
    Proxy::start(settings.with("SMSP_ALL_OPEN", all_open)).await
}

#[tokio::test]
async fn serve_stays_healthy_while_all_are_open() {
    let nobody = RefusingPort::reserve();
    let proxy = start("serve", &nobody, &nobody.url()).await;
    proxy.client.send(&mails::plain()).await.expect_problem(502, "none", true);
    proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    proxy.client.healthcheck().await.expect(200);
}

#[tokio::test]
async fn unhealthy_says_so_while_all_are_open_and_not_a_moment_longer() {
    let nobody = RefusingPort::reserve();
    let proxy = start("unhealthy", &nobody, &nobody.url()).await;
    proxy.client.healthcheck().await.expect(200);
    proxy.client.send(&mails::plain()).await.expect_problem(502, "none", true);
    proxy.client.healthcheck().await.expect(503);
    proxy.client.ops("/livez").await.expect(200);
    proxy.client.ops("/readyz").await.expect(200);
    proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    proxy.client.order("sg", &json!({"reset": true})).await.expect(200);
    proxy.client.healthcheck().await.expect(200);
    proxy.client.order("sg", &json!({"override": "open"})).await.expect(200);
    proxy.client.healthcheck().await.expect(503);
}

#[tokio::test]
async fn exit_answers_what_it_has_logs_down_and_ends_with_an_error() {
    let nobody = RefusingPort::reserve();
    let proxy = start("exit", &nobody, &nobody.url()).await;
    proxy.client.send(&mails::plain()).await.expect_problem(502, "none", true);
    let output = proxy.exit(PATIENCE).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    let down = output.stdout.lines().filter(|line| line.contains("\"down:") && line.contains("\"ERROR\""));
    assert_eq!(down.count(), 1, "{output:?}");
}

#[tokio::test]
async fn exit_stays_as_long_as_one_circuit_takes_mail() {
    let (nobody, sendgrid) = (RefusingPort::reserve(), StubProvider::sendgrid().await);
    let proxy = start("exit", &nobody, &sendgrid.url()).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:unavailable", "sg:accepted"]);
    assert_eq!(proxy.client.state("mg").await, "open");
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
    proxy.terminate();
    assert_eq!(proxy.exit(PATIENCE).await.code, Some(0));
}

#[tokio::test]
async fn exit_waits_for_the_first_probe_of_a_circuit_that_starts_open() {
    let mailgun = StubProvider::mailgun().await;
    let settings = Settings::server().mailgun(&mailgun.url()).with("SMSP_ALL_OPEN", "exit");
    let proxy = Proxy::start(settings.with("SMSP_CIRCUIT_START", "probe")).await;
    mailgun.receives_probes(1).await;
    crate::circuit_holds::becomes(&proxy, "closed").await;
    proxy.client.send(&mails::plain()).await.expect(200);
}

#[tokio::test]
async fn exit_ends_a_node_whose_circuits_start_open_once_every_first_probe_has_failed() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.answers(500, "");
    let gate = Gate::shut();
    sendgrid.does(Behaviour::AnswerBehind(gate.clone(), Reply::new(500, "")));
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url()).with("SMSP_ALL_OPEN", "exit");
    let proxy = Proxy::start(settings.with("SMSP_CIRCUIT_START", "probe")).await;
    sendgrid.receives_probes(1).await;
    crate::circuit_holds::becomes(&proxy, "open").await;
    proxy.client.healthcheck().await.expect(200);
    gate.open();
    assert_eq!(proxy.exit(PATIENCE).await.code, Some(1));
    assert_eq!((mailgun.probes().len(), mailgun.mails().len()), (1, 0));
}

#[tokio::test]
async fn exit_ends_with_an_error_even_if_a_circuit_closes_meanwhile() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.follows(|request| if request.is_probe() { Reply::mailgun_accepts().into() } else { Behaviour::Close });
    let settings = Settings::server().mailgun(&mailgun.url()).one_failure_opens().eager_probes().one_probe_closes();
    let proxy = Proxy::start(settings.with("SMSP_ALL_OPEN", "exit").with("SMSP_DRAIN_DELAY", "2s")).await;
    proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    crate::circuit_holds::becomes(&proxy, "closed").await;
    assert_eq!(proxy.exit(PATIENCE).await.code, Some(1));
}

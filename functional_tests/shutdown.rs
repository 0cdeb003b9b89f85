//! SIGTERM: nobody's mail is dropped, load balancers learn of it first, and the end comes within its deadline.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::harness::raw::{Raw, head};
use crate::harness::settings::API_KEY;
use crate::harness::wait::{PATIENCE, when};
use crate::harness::{Answer, Behaviour, Gate, Proxy, Reply, Settings, StubProvider, eventually, mails};

/// For what is said to happen at once, on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(3);

/// A proxy whose provider never answers, and whose own limits are far away.
async fn before_a_silent_provider(drain_deadline: &str) -> (StubProvider, Proxy) {
    let mailgun = StubProvider::mailgun().await;
    mailgun.does(Behaviour::Stall);
    let settings = Settings::server().mailgun(&mailgun.url()).with("SMSP_DRAIN_DEADLINE", drain_deadline);
    let settings = settings.with("SMSP_ATTEMPT_TIMEOUT", "25s").with("SMSP_REQUEST_DEADLINE", "28s");
    (mailgun, Proxy::start(settings).await)
}

/// A mail that its provider has and has not answered yet.
async fn mail_in_flight(proxy: &Proxy, mailgun: &StubProvider) -> JoinHandle<Result<Answer, reqwest::Error>> {
    let request = proxy.client.request(reqwest::Method::POST, "/email").header("x-api-key", API_KEY);
    let request = request.header("content-type", "application/json").body(mails::plain().to_string());
    let sending = tokio::spawn(Answer::try_to(request));
    mailgun.receives_mails(1).await;
    sending
}

#[tokio::test]
async fn a_mail_in_flight_is_answered_before_the_end() {
    let (mailgun, gate) = (StubProvider::mailgun().await, Gate::shut());
    mailgun.does(Behaviour::AnswerBehind(gate.clone(), Reply::mailgun_accepts()));
    let proxy = Proxy::before(&mailgun).await;
    let sending = mail_in_flight(&proxy, &mailgun).await;
    proxy.terminate();
    proxy.stopped_accepting().await;
    gate.open();
    let answer = sending.await.expect("the caller's task goes on").expect("the caller gets an answer");
    answer.expect(200).expect_attempts(&["mg:accepted"]);
    let output = proxy.exit(AT_ONCE).await;
    assert_eq!(output.code, Some(0), "{output:?}");
}

#[tokio::test]
async fn idle_server_exits_immediately() {
    let proxy = Proxy::start(Settings::mock()).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    let _silent = TcpStream::connect(proxy.api).await.expect("the proxy takes connections");
    proxy.terminate();
    let output = proxy.exit(AT_ONCE).await;
    assert_eq!(output.code, Some(0), "{output:?}");
}

#[tokio::test]
async fn during_the_drain_delay_a_node_is_unhealthy_and_still_sends() {
    let proxy = Proxy::start(Settings::mock().with("SMSP_DRAIN_DELAY", "3s")).await;
    proxy.client.ops("/readyz").await.expect(200);
    proxy.terminate();
    eventually("the health check says that the node goes", async || {
        let answer = proxy.client.healthcheck().await;
        when(answer.status == 503, || answer.to_string())
    })
    .await;
    let last = proxy.client.healthcheck().await;
    assert_eq!(last.header("connection"), Some("close"), "a client that keeps this connection learns it: {last}");
    proxy.client.ops("/readyz").await.expect(503);
    proxy.client.ops("/livez").await.expect(200);
    proxy.client.send(&mails::plain()).await.expect(200);
    let output = proxy.exit(PATIENCE).await;
    assert_eq!(output.code, Some(0), "{output:?}");
}

#[tokio::test]
async fn a_stalled_request_body_is_cut_after_five_seconds() {
    let proxy = Proxy::start(Settings::mock()).await;
    let mut caller = Raw::connect(proxy.api).await;
    let key = format!("x-api-key: {API_KEY}");
    caller.write(&head(&["content-length: 100", "expect: 100-continue", &key])).await;
    caller.read_until("100 Continue").await;
    caller.write("{\"from\":").await;
    let started = Instant::now();
    proxy.terminate();
    let output = proxy.exit(Duration::from_secs(8)).await;
    let took = started.elapsed();
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(took >= Duration::from_secs(4), "a slow body has a chance: {took:?}");
    let answer = caller.read_to_end().await;
    assert!(answer.contains("HTTP/1.1 408 ") && answer.contains("\"delivery\":\"none\""), "{answer}");
}

#[tokio::test]
async fn second_signal_exits_immediately() {
    let (mailgun, proxy) = before_a_silent_provider("20s").await;
    let sending = mail_in_flight(&proxy, &mailgun).await;
    proxy.terminate();
    proxy.stopped_accepting().await;
    proxy.terminate();
    let output = proxy.exit(AT_ONCE).await;
    assert!(output.stdout.contains("\"second signal: exiting immediately\""), "its last line: {output:?}");
    let answer = sending.await.expect("the caller's task goes on");
    assert!(!answer.is_ok_and(|answer| answer.status == 200), "nobody accepted this mail");
}

#[tokio::test]
async fn hung_provider_delays_shutdown_up_to_the_drain_deadline_and_its_caller_gets_504() {
    let (mailgun, proxy) = before_a_silent_provider("1s").await;
    let sending = mail_in_flight(&proxy, &mailgun).await;
    let started = Instant::now();
    proxy.terminate();
    let output = proxy.exit(Duration::from_secs(5)).await;
    let took = started.elapsed();
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(took >= Duration::from_millis(700), "{took:?}");
    let answer =
        sending.await.expect("the caller's task goes on").expect("an answer, for the last quarter of the time");
    let answer = answer.expect_problem(504, "unknown", false).expect_attempts(&["mg:unknown"]);
    assert_eq!(answer.reasons(), ["deadline"], "{answer}");
}

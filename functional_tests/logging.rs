//! What is written down: one JSON object per event, a request id throughout, and never a key, an address or a body.

mod field_names;
mod levels;
mod mails_of_the_outbox;
mod order;
mod problems;
mod started;
mod terminal;

use std::net::SocketAddr;

use serde_json::{Deserializer, Value, json};

use crate::harness::wait::{PATIENCE, when};
use crate::harness::{Behaviour, Client, Process, Proxy, Reply, Settings, StubProvider, eventually, mails, run};

/// Stands in every secret and in everything personal.
const CANARY: &str = "canary";
const KEY: &str = "canary-key-of-the-caller-0001";

fn secretive(mailgun: &StubProvider, sendgrid: &StubProvider) -> Settings {
    Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url())
        .with("SMSP_API_KEY", KEY)
        .with("SMSP_MG_API_KEY", "canary-key-of-mailgun")
        .with("SMSP_SG_API_KEY", "SG.canary-key-of-sendgrid")
        .with("SMSP_POLL_MESSAGE_ADDRESS", "canary-probes@probe.example.org")
        .with("SMSP_ATTEMPT_TIMEOUT", "500ms")
        .with("SMSP_API_KEYS", "shop:canary-key-of-the-shop,bot:canary-key-of-the-bot;until=2020-01-01")
        .with("SMSP_CALLER_SHOP_FROM_DOMAINS", "example.org")
        .with("SMSP_CALLER_BOT_RATE", "1/h")
        .with("SMSP_MAX_BODY", "64KiB")
        .with("SMSP_MAX_IN_FLIGHT_BYTES", "64KiB")
        .with("SMSP_LOG_OUTPUT_DEBUG", "true")
        .eager_probes()
}

fn personal() -> Value {
    json!({
        "from": "Canary <canary-from@example.com>", "to": "canary-to@example.net", "cc": "canary-cc@canary.example.net",
        "bcc": ["canary-bcc@example.net"], "reply_to": "canary-reply@example.net", "subject": "canary subject",
        "text": "canary text", "html": "<b>canary</b>"
    })
}

/// Every kind of answer, from a provider that puts canaries into its own.
async fn walk_every_path(client: &Client, mailgun: &StubProvider, sendgrid: &StubProvider) {
    sendgrid.does(Reply::sendgrid_refuses(401, "canary").into());
    // Or the first refusal would keep the others from being heard.
    for upstream in ["mg", "sg"] {
        client.order(upstream, &json!({"override": "closed"})).await.expect(200);
    }
    let refused = |status| Reply::mailgun_refuses(status, "canary").with("x-canary", CANARY).into();
    let accepted = Reply::mailgun_accepts().into();
    for behaviour in
        [accepted, refused(400), refused(401), refused(429), refused(500), Behaviour::Reset, Behaviour::Stall]
    {
        mailgun.does(behaviour);
        let answer = client.send(&personal()).await;
        assert!(!answer.attempts().is_empty(), "it was asked: {answer}");
    }
    for body in ["canary", r#"{"canary":1}"#, r#"{"from":"canary\n@example.com","to":"canary"}"#] {
        client.post_raw(body, &[]).await.expect_problem(if body == "canary" { 400 } else { 422 }, "none", false);
    }
    client.post_raw(personal().to_string(), &[("x-api-key", "canary-wrong")]).await.expect(401);
    client.post_bare("/email?key=canary", &personal(), &[("authorization", "canary")]).await.expect(401);
    client.get("/canary?canary=canary").await.expect(404);
    for (key, status) in [("canary-key-of-the-shop", 403), ("canary-key-of-the-bot", 401)] {
        client.post_raw(personal().to_string(), &[("x-api-key", key)]).await.expect(status);
    }
    client.post_raw("canary".repeat(20_000), &[]).await.expect(413);
    let odd = [("x-smsp-failover", "canary"), ("idempotency-key", "can ary"), ("x-request-id", "<canary>")];
    client.post_raw(personal().to_string(), &odd).await.expect(400);
}

#[tokio::test]
async fn no_secret_and_nothing_personal_is_written_anywhere() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = Proxy::start(secretive(&mailgun, &sendgrid)).await;
    walk_every_path(&proxy.client, &mailgun, &sendgrid).await;
    let pages = [proxy.client.metrics().await.page, proxy.client.ops("/circuits").await.text];
    proxy.terminate();
    let output = proxy.exit(PATIENCE).await;
    for text in [&output.stdout, &output.stderr, &pages[0], &pages[1]] {
        let told: Vec<_> = text.lines().filter(|line| line.to_lowercase().contains(CANARY)).collect();
        assert!(told.is_empty(), "{told:#?}");
    }
}

#[tokio::test]
async fn every_line_is_one_event_with_its_time_its_level_and_its_message() {
    let proxy = Proxy::start(Settings::mock().with("SMSP_LOG_OUTPUT_DEBUG", "true")).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    proxy.client.get("/%0a%1b[31m%e2%80%ae?\u{202e}").await.expect(404);
    proxy.client.post_raw("{", &[("x-request-id", "a\tb")]).await.expect(400);
    proxy.terminate();
    let output = proxy.exit(PATIENCE).await;
    let events: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for event in &events {
        for field in ["timestamp", "level", "message"] {
            assert!(event[field].is_string(), "{field} in {event}");
        }
    }
    // Those of monitors are logged at debug level.
    let requests = events.iter().filter(|event| event["message"] == "request" && event["level"] == "INFO").count();
    assert_eq!(requests, 3, "a process that ends has written its last lines: {events:#?}");
    assert!(!output.stdout.chars().any(|c| c.is_control() && c != '\n'), "{:?}", output.stdout);
    assert!(output.stderr.is_empty(), "{}", output.stderr);
}

#[tokio::test]
async fn failed_start_flushes_the_log() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let output = run(&["serve"], &Settings::mock().with("SMSP_ADMIN_PORT", &port)).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stdout.contains("\"listening\"") && output.stderr.contains("SMSP_ADMIN_PORT"), "{output:?}");
}

#[tokio::test]
async fn the_log_names_variables_that_are_set_under_a_former_name() {
    let settings = Settings::mock().without("SMSP_ADMIN_PORT").with("SMSP_OPS_PORT", "0");
    let proxy = Proxy::start(settings).await;
    let logs = proxy.logs();
    let named = logs.iter().filter(|event| event["level"] == "WARN" && event["variable"].is_string());
    let named: Vec<_> = named.map(|event| event["variable"].to_string()).collect();
    assert!(
        named.len() == 1 && named[0].contains("SMSP_OPS_PORT: is deprecated: rename it to SMSP_ADMIN_PORT"),
        "{logs:#?}"
    );
}

#[tokio::test]
async fn the_request_id_leads_from_the_answer_to_the_log() {
    let proxy = Proxy::start(Settings::mock()).await;
    for (subject, status) in [("hello", 200), ("fail", 502)] {
        let headers = [("x-request-id", subject)];
        let answer = proxy.client.post_raw(mails::with_subject(subject).to_string(), &headers).await.expect(status);
        let id = answer.json["id"].as_str().unwrap_or_else(|| panic!("no id in {answer}")).to_owned();
        eventually("the log names request and mail together", async || {
            let log: Vec<_> = proxy.logs().iter().map(Value::to_string).collect();
            let together = |line: &String| line.contains(&format!("\"{subject}\"")) && line.contains(&id);
            when(log.iter().any(together), || log.join("\n"))
        })
        .await;
    }
}

#[tokio::test]
async fn former_name_of_the_one_line_log_format_is_accepted() {
    Proxy::start(Settings::mock().with("SMSP_LOG_OUTPUT_FORMAT", "JSON_ONLINE")).await;
}

#[tokio::test]
async fn the_pretty_format_is_json_over_several_lines() {
    let process = Process::smsp(&["serve"], &Settings::mock().with("SMSP_LOG_OUTPUT_FORMAT", "JSON_PRETTY"));
    eventually("both listeners are logged", async || {
        let text = process.stdout().join("\n");
        let events: Vec<Value> = Deserializer::from_str(&text).into_iter().map_while(Result::ok).collect();
        let listening = events.iter().filter(|event| event["message"] == "listening").count();
        when(listening == 2 && text.lines().count() > 2 * events.len(), || text)
    })
    .await;
}

#[tokio::test]
async fn default_log_format_is_for_people() {
    let process = Process::smsp(&["serve"], &Settings::mock().without("SMSP_LOG_OUTPUT_FORMAT"));
    let api = api_of(&process).await;
    assert!(serde_json::from_str::<Value>(&process.stdout()[0]).is_err(), "{:?}", process.stdout());
    Client::new(&format!("http://{api}"), KEY).healthcheck().await.expect(200);
}

/// The address of the API of a process that logs for people.
pub(crate) async fn api_of(process: &Process) -> SocketAddr {
    eventually("the API listener is logged", async || {
        let lines = process.stdout();
        let listening = lines.iter().find(|line| line.contains("listening") && line.contains("api"));
        listening.and_then(|line| address_in(line)).ok_or_else(|| lines.join("\n"))
    })
    .await
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let found = &line[line.find("127.0.0.1:")?..];
    let end = found.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(found.len());
    found[..end].parse().ok()
}

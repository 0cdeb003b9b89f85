//! A log that nobody reads: the node goes on and says afterwards how many lines it has dropped.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::stalling_reader::Reading;
use crate::harness::wait::{PATIENCE, eventually_within, when};
use crate::harness::{Client, Process, Proxy, Settings, eventually, mails};
use crate::logging::api_of;

/// The queue of the log holds 8 MiB. A mail is two lines, each with its caller's name: these mails are 10 MiB.
pub(crate) const MAILS: usize = 1200;
/// For these there is room.
const FEWER: usize = 800;
const NAME: usize = 4096;
const CALLERS: usize = 8;
const KEY: &str = "key-of-a-caller-with-a-long-name";
/// The wait for the writer, and what a busy machine adds to it.
const END: Duration = Duration::from_secs(5);

pub(crate) fn settings() -> Settings {
    let name = "n".repeat(NAME);
    Settings::mock().without("SMSP_API_KEY").with("SMSP_API_KEYS", &format!("{name}:{KEY}"))
}

/// Each is answered 200.
pub(crate) async fn send(client: &Client, mails: usize) {
    let sending = (0..CALLERS).map(|caller| {
        let client = client.clone();
        tokio::spawn(async move {
            for number in 0..mails / CALLERS {
                let id = format!("{caller}-{number}");
                let headers = [("x-api-key", KEY), ("x-request-id", &id)];
                client.post_raw(mails::plain().to_string(), &headers).await.expect(200);
            }
        })
    });
    for sent in join_all(sending).await {
        sent.expect("every mail is sent");
    }
}

async fn dropped(proxy: &Proxy) -> u64 {
    proxy.client.metrics().await.count("smsp_log_lines_dropped_total", &[])
}

/// Lines that the log says are missing.
fn told(log: &[Value]) -> u64 {
    let lines = log.iter().filter(|line| line["message"] == "log lines dropped");
    lines.map(|line| line["dropped"].as_u64().expect("a number")).sum()
}

/// Although nobody reads what it writes.
async fn ends_with(proxy: &mut Proxy, code: i32) {
    let end = eventually_within(END, "the process ends", async || proxy.process.ended().ok_or_else(String::new)).await;
    assert_eq!(end.code(), Some(code));
}

#[tokio::test]
async fn a_reader_that_stalls_costs_no_mail_and_delays_neither_health_checks_nor_the_end() {
    let mut proxy = Proxy::start(settings()).await;
    proxy.process.read_stdout(Reading::Stopped);
    send(&proxy.client, MAILS).await;
    assert!(dropped(&proxy).await > 0, "the queue was not full");
    let panics = mails::with_subject("panic").to_string();
    proxy.client.post_raw(panics, &[("x-api-key", KEY)]).await.expect(500);
    for check in ["/livez", "/readyz"] {
        proxy.client.ops(check).await.expect(200);
    }
    proxy.terminate();
    ends_with(&mut proxy, 0).await;
}

#[tokio::test]
async fn log_resumes_after_a_stall_and_counts_dropped_lines() {
    let proxy = Proxy::start(settings()).await;
    proxy.process.read_stdout(Reading::Stopped);
    send(&proxy.client, MAILS).await;
    proxy.process.read_stdout(Reading::On);
    eventually("the log says how many lines it lacks", async || {
        let (told, dropped) = (told(&proxy.logs()), dropped(&proxy).await);
        when(told == dropped && dropped > 0, || format!("{told} of {dropped}"))
    })
    .await;
    let headers = [("x-api-key", KEY), ("x-request-id", "afterwards")];
    proxy.client.post_raw(mails::plain().to_string(), &headers).await.expect(200);
    let dropped = dropped(&proxy).await;
    proxy.terminate();
    let output = proxy.exit(PATIENCE).await;
    let log: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let notes = log.iter().filter(|line| line["message"] == "log lines dropped");
    assert!(notes.clone().all(|note| note["level"] == "WARN" && note["timestamp"].is_string()));
    assert_eq!((notes.count(), told(&log)), (1, dropped), "one gap is one line");
    let mut attempted = BTreeSet::new();
    for line in &log {
        let id = line["request_id"].as_str();
        match line["message"].as_str() {
            Some("attempt") => assert!(attempted.insert(id), "one attempt a mail: {line}"),
            Some("request") => assert!(attempted.contains(&id), "the lines of a request are in order: {line}"),
            _ => {}
        }
    }
    assert!(attempted.contains(&Some("afterwards")), "lines flow again");
    let lines = log.iter().filter(|line| line["message"] == "attempt" || line["message"] == "request").count();
    assert_eq!(lines as u64 + dropped, 2 * (MAILS as u64 + 1), "no line is lost that is not counted");
}

#[tokio::test]
async fn the_end_waits_for_a_reader_that_is_back() {
    let proxy = Proxy::start(settings()).await;
    proxy.process.read_stdout(Reading::Stopped);
    send(&proxy.client, FEWER).await;
    assert_eq!(dropped(&proxy).await, 0, "the queue has room");
    proxy.terminate();
    proxy.process.read_stdout(Reading::On);
    let output = proxy.exit(END).await;
    let requests = output.stdout.lines().filter(|line| line.contains("\"request\",\"method\"")).count();
    let last = output.stdout.lines().last().unwrap_or_default();
    assert!(requests == FEWER && last.contains("\"drained\""), "{requests} of {FEWER}, at the end {last}");
}

#[tokio::test]
async fn dropped_lines_notice_uses_the_log_format() {
    let process = Process::smsp(&["serve"], &settings().without("SMSP_LOG_OUTPUT_FORMAT"));
    let client = Client::new(&format!("http://{}", api_of(&process).await), KEY);
    process.read_stdout(Reading::Stopped);
    send(&client, MAILS).await;
    process.read_stdout(Reading::On);
    eventually("the log says how many lines it lacks", async || {
        let log = process.stdout();
        let line = log.iter().find(|line| line.contains("log lines dropped"));
        let told = line.is_some_and(|line| line.contains(" WARN log lines dropped dropped="));
        when(told, || format!("{line:?}"))
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_goes_away_costs_nothing_but_its_lines() {
    let proxy = Proxy::start(Settings::mock()).await;
    proxy.process.read_stdout(Reading::Gone);
    eventually("lines find no reader", async || {
        proxy.client.send(&mails::plain()).await.expect(200);
        when(dropped(&proxy).await > 0, || "none is dropped".to_owned())
    })
    .await;
    let before = proxy.process.processor_time();
    proxy.client.send(&mails::plain()).await.expect(200);
    proxy.client.ops("/livez").await.expect(200);
    let took = proxy.process.processor_time() - before;
    assert!(took < Duration::from_millis(500), "{took:?} of processor time for one mail");
    proxy.terminate();
    let output = proxy.exit(PATIENCE).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{output:?}");
}

/// Its last word goes to stderr, which is the pipe that nobody reads too.
#[tokio::test]
async fn failing_exit_is_not_held_up_by_an_unread_stderr() {
    let settings = settings().with("SMSP_ALL_OPEN", "exit");
    let one_pipe = ["sh", "-c", "exec \"$@\" 2>&1", "sh"];
    let mut proxy = Proxy::of(Process::smsp_behind(&one_pipe, &["serve"], &settings), &settings).await;
    proxy.process.read_stdout(Reading::Stopped);
    send(&proxy.client, MAILS).await;
    proxy.client.order("mock", &json!({"override": "open"})).await.expect(200);
    ends_with(&mut proxy, 1).await;
}

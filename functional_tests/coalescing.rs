//! A repeat that comes while the first is under way waits for it, and gets the same answer: one mail goes out.

use serde_json::Value;
use tokio::task::{JoinHandle, JoinSet};

use crate::harness::raw::{Raw, head};
use crate::harness::settings::API_KEY;
use crate::harness::wait::{PATIENCE, when};
use crate::harness::{Answer, Behaviour, Gate, Proxy, Reply, Settings, StubProvider, eventually, mails};

const KEY: (&str, &str) = ("Idempotency-Key", "order-4711");

/// Mailgun keeps its answer back until the gate opens.
struct Environment {
    proxy: Proxy,
    mailgun: StubProvider,
    gate: Gate,
}

impl Environment {
    async fn with(reply: Reply) -> Self {
        let (mailgun, gate) = (StubProvider::mailgun().await, Gate::shut());
        mailgun.does(Behaviour::AnswerBehind(gate.clone(), reply));
        let proxy = Proxy::start(Settings::server().mailgun(&mailgun.url()).patient_circuits()).await;
        Self { proxy, mailgun, gate }
    }

    /// Is on its way when this returns, but may not have arrived.
    fn send(&self, mail: Value, headers: &[(&'static str, &'static str)]) -> JoinHandle<Answer> {
        let (client, headers) = (self.proxy.client.clone(), headers.to_vec());
        tokio::spawn(async move { client.send_with(&mail, &headers).await })
    }

    async fn repeats_wait(&self, count: u64) {
        eventually(&format!("{count} repeats wait"), async || {
            let metrics = self.proxy.client.metrics().await;
            when(metrics.count("smsp_coalesced_total", &[]) == count, || metrics.page)
        })
        .await;
    }
}

/// Everything but what belongs to the request alone.
fn essence(answer: &Answer) -> (u16, Option<String>, Value) {
    let mut json = answer.json.clone();
    json.as_object_mut().map(|fields| fields.remove("request_id"));
    (answer.status, answer.header("retry-after").map(str::to_owned), json)
}

/// Twenty at once, of which one is the first.
async fn twenty_get_the_same(reply: Reply, status: u16) {
    let (environment, mut calls) = (Environment::with(reply).await, JoinSet::new());
    for _ in 0..20 {
        let client = environment.proxy.client.clone();
        calls.spawn(async move { client.send_with(&mails::plain(), &[KEY]).await });
    }
    environment.repeats_wait(19).await;
    environment.gate.open();
    let answers = calls.join_all().await;
    let first = essence(&answers[0]);
    assert_eq!(first.0, status, "{}", answers[0]);
    assert!(first.2["id"].is_string() && first.2["attempts"].is_array(), "{}", answers[0]);
    for answer in &answers {
        assert_eq!(essence(answer), first, "{answer}\nbeside\n{}", answers[0]);
    }
    let mut requests: Vec<_> = answers.iter().map(|answer| answer.header("x-request-id")).collect();
    requests.sort_unstable();
    requests.dedup();
    assert_eq!(requests.len(), 20, "each request has an id of its own");
    let only = environment.mailgun.only_mail();
    assert_eq!(only.parts("v:smsp_id"), [first.2["id"].as_str().unwrap_or_default()]);
    environment.repeats_wait(19).await;
    let metrics = environment.proxy.client.metrics().await;
    assert_eq!(metrics.count("smsp_attempts_total", &[]), 1, "{}", metrics.page);
    assert_eq!(metrics.count("smsp_unknown_total", &[]), u64::from(status == 504), "{}", metrics.page);
}

#[tokio::test]
async fn concurrent_repeats_share_one_acceptance() {
    twenty_get_the_same(Reply::mailgun_accepts(), 200).await;
}

#[tokio::test]
async fn concurrent_repeats_share_one_unknown() {
    twenty_get_the_same(Reply::new(500, ""), 504).await;
}

#[tokio::test]
async fn concurrent_repeats_share_one_rejection() {
    twenty_get_the_same(Reply::mailgun_refuses(400, "to parameter is not a valid address"), 422).await;
}

#[tokio::test]
async fn concurrent_repeats_share_one_refusal_and_one_wait() {
    twenty_get_the_same(Reply::mailgun_refuses(401, "Forbidden"), 502).await;
    twenty_get_the_same(Reply::mailgun_refuses(429, "try again after 30 seconds"), 503).await;
}

#[tokio::test]
async fn a_repeat_gets_the_answer_though_the_first_caller_has_hung_up() {
    let environment = Environment::with(Reply::mailgun_accepts()).await;
    let (mail, key) = (mails::plain().to_string(), format!("{}: {}", KEY.0, KEY.1));
    let mut caller = Raw::connect(environment.proxy.api).await;
    let length = format!("content-length: {}", mail.len());
    caller.write(&head(&[&length, &format!("x-api-key: {API_KEY}"), &key])).await;
    caller.write(&mail).await;
    environment.mailgun.receives_mails(1).await;
    drop(caller);
    let repeat = environment.send(mails::plain(), &[KEY]);
    environment.repeats_wait(1).await;
    environment.gate.open();
    repeat.await.expect("a send does not panic").expect(200).expect_attempts(&["mg:accepted"]);
    environment.mailgun.only_mail();
}

#[tokio::test]
async fn a_repeat_that_hangs_up_takes_nothing_from_the_first() {
    let environment = Environment::with(Reply::mailgun_accepts()).await;
    let first = environment.send(mails::plain(), &[KEY]);
    environment.mailgun.receives_mails(1).await;
    let repeat = environment.send(mails::plain(), &[KEY]);
    environment.repeats_wait(1).await;
    repeat.abort();
    assert!(repeat.await.is_err_and(|end| end.is_cancelled()));
    let second_repeat = environment.send(mails::plain(), &[KEY]);
    environment.repeats_wait(2).await;
    environment.gate.open();
    for call in [first, second_repeat] {
        call.await.expect("a send does not panic").expect(200);
    }
    environment.mailgun.only_mail();
}

#[tokio::test]
async fn another_mail_under_a_key_that_is_under_way_is_refused_at_once() {
    let environment = Environment::with(Reply::mailgun_accepts()).await;
    let first = environment.send(mails::plain(), &[KEY]);
    environment.mailgun.receives_mails(1).await;
    // The gate is shut: a caller that waits for it never gets this answer.
    let other = environment.proxy.client.send_with(&mails::with_subject("another"), &[KEY]).await;
    let other = other.expect_problem(422, "none", false);
    assert_eq!(other.json["type"], "urn:smsp:problem:idempotency-key-reused", "{other}");
    assert_eq!(other.at("/errors/0/field"), KEY.0, "{other}");
    assert_eq!(other.attempts(), Vec::<String>::new(), "{other}");
    environment.gate.open();
    let first = first.await.expect("a send does not panic").expect(200);
    assert_ne!(first.json["id"], other.json["id"], "each mail has its own id: {other}");
    environment.mailgun.only_mail();
    environment.repeats_wait(0).await;
    let later = environment.proxy.client.send_with(&mails::with_subject("another"), &[KEY]).await;
    later.expect_problem(422, "none", false);
    environment.mailgun.only_mail();
}

#[tokio::test]
async fn only_the_same_key_waits() {
    let environment = Environment::with(Reply::mailgun_accepts()).await;
    let calls = [
        environment.send(mails::plain(), &[KEY]),
        environment.send(mails::plain(), &[(KEY.0, "order-4712")]),
        environment.send(mails::plain(), &[]),
        environment.send(mails::plain(), &[]),
    ];
    environment.mailgun.receives_mails(4).await;
    environment.gate.open();
    for call in calls {
        call.await.expect("a send does not panic").expect(200);
    }
    assert_eq!(environment.mailgun.mails().len(), 4);
    environment.repeats_wait(0).await;
}

#[tokio::test]
async fn a_repeat_waits_whatever_failover_it_asks_for() {
    let environment = Environment::with(Reply::new(500, "")).await;
    let first = environment.send(mails::plain(), &[KEY]);
    environment.mailgun.receives_mails(1).await;
    let repeat = environment.send(mails::plain(), &[KEY, ("X-SMSP-Failover", "never")]);
    environment.repeats_wait(1).await;
    environment.gate.open();
    let (first, repeat) = (first.await.expect("no panic").expect(504), repeat.await.expect("no panic"));
    assert_eq!(essence(&repeat), essence(&first));
    environment.mailgun.only_mail();
}

#[tokio::test]
async fn shutdown_waits_for_coalesced_repeats() {
    let environment = Environment::with(Reply::mailgun_accepts()).await;
    let first = environment.send(mails::plain(), &[KEY]);
    environment.mailgun.receives_mails(1).await;
    let repeat = environment.send(mails::plain(), &[KEY]);
    environment.repeats_wait(1).await;
    environment.proxy.terminate();
    environment.proxy.stopped_accepting().await;
    environment.gate.open();
    let (first, repeat) = (first.await.expect("no panic").expect(200), repeat.await.expect("no panic"));
    assert_eq!(essence(&repeat), essence(&first));
    assert_eq!(environment.proxy.exit(PATIENCE).await.code, Some(0));
}

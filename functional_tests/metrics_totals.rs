//! The sums in `/metrics` are what the providers saw and what the callers were told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::metrics::Metrics;
use crate::harness::raw::{Raw, head};
use crate::harness::settings::API_KEY;
use crate::harness::wait::when;
use crate::harness::{Answer, Behaviour, Proxy, Reply, Settings, StubProvider, eventually, mails};

/// What a provider does with its mails, over and over; none of it opens a patient circuit.
fn mixture() -> impl FnMut() -> Behaviour + Send {
    let mut count = 0;
    move || {
        count += 1;
        match count % 11 {
            1 | 4 => Reply::sendgrid_refuses(418, "teapot").into(),
            2 => Behaviour::Close,
            3 => Reply::new(500, "").into(),
            5 => Reply::sendgrid_refuses(400, "Does not contain a valid address.").into(),
            6 => Reply::sendgrid_refuses_the_sender().into(),
            7 => Behaviour::AnswerAfter(Duration::from_millis(30), Reply::sendgrid_accepts()),
            8 => Behaviour::Reset,
            _ => Reply::sendgrid_accepts().into(),
        }
    }
}

/// Mails come from so many domains in turn.
const DOMAINS: usize = 13;

fn from_domain(number: usize) -> Value {
    mails::but("from", json!(format!("s@domain-{}.example", number % DOMAINS)))
}

struct Environment {
    proxy: Proxy,
    providers: [(&'static str, StubProvider); 2],
}

impl Environment {
    async fn new(failover: &str) -> Self {
        let providers = [("a", StubProvider::sendgrid().await), ("b", StubProvider::sendgrid().await)];
        for (_, provider) in &providers {
            let mut next = mixture();
            provider.follows(move |_| next());
        }
        let urls = providers.each_ref().map(|(name, provider)| (*name, provider.url()));
        let settings = Settings::accounts(&urls.each_ref().map(|(name, url)| (*name, url.as_str())));
        let settings = settings.patient_circuits().with("SMSP_FAILOVER", failover).with("SMSP_ROUTING", "round_robin");
        Self { proxy: Proxy::start(settings).await, providers }
    }

    /// A hundred mails, eight at a time, and then two more from each domain that an upstream has refused.
    async fn series(&self) -> Vec<Answer> {
        let mut answers = Vec::new();
        for round in 0..13 {
            let calls: Vec<_> = (0..8).map(|number| self.send(from_domain(8 * round + number))).collect();
            for call in calls {
                answers.push(call.await.expect("a send does not panic"));
            }
        }
        // Two mails, one after the other, begin at each upstream once: so the one that refused the sender passes one over.
        let is_refused = |answer: &Answer| answer.json["attempts"].to_string().contains("sender_rejected");
        let numbered = (0..).zip(&answers).filter(|(_, answer)| is_refused(answer));
        let refused: BTreeSet<usize> = numbered.map(|(number, _)| number % DOMAINS).collect();
        for number in refused {
            for _ in 0..2 {
                answers.push(self.send(from_domain(number)).await.expect("a send does not panic"));
            }
        }
        answers
    }

    fn send(&self, mail: Value) -> tokio::task::JoinHandle<Answer> {
        let client = self.proxy.client.clone();
        tokio::spawn(async move { client.send(&mail).await })
    }
}

/// The answers of one upstream: how often each outcome, where mails were handed over, and each reason, where they were not.
fn told(answers: &[Answer], upstream: &str) -> [BTreeMap<String, u64>; 2] {
    let mut told = [BTreeMap::new(), BTreeMap::new()];
    let attempts = answers.iter().filter_map(|answer| answer.json["attempts"].as_array()).flatten();
    for attempt in attempts.filter(|attempt| attempt["provider"] == upstream) {
        let held = attempt["reason"] == "sender_held";
        let word = &attempt[if held { "reason" } else { "outcome" }];
        *told[usize::from(held)].entry(word.as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    told
}

fn counted(metrics: &Metrics, name: &str, upstream: &str, label: &str) -> BTreeMap<String, u64> {
    let words = ["accepted", "unlisted", "unknown", "message_rejected", "sender_rejected", "sender_held"];
    let count = |word| metrics.count(name, &[("upstream", upstream), (label, word)]);
    let counted = words.map(|word| (word.to_owned(), count(word)));
    assert_eq!(counted.iter().map(|(_, count)| count).sum::<u64>(), metrics.count(name, &[("upstream", upstream)]));
    counted.into_iter().filter(|(_, count)| *count > 0).collect()
}

async fn series_adds_up(failover: &str) {
    let environment = Environment::new(failover).await;
    let answers = environment.series().await;
    let metrics = environment.proxy.client.metrics().await;
    for (upstream, provider) in &environment.providers {
        let [handed_over, passed_over] = told(&answers, upstream);
        let counted = |name, label| counted(&metrics, name, upstream, label);
        assert_eq!(counted("smsp_attempts_total", "outcome"), handed_over, "{upstream}\n{}", metrics.page);
        assert_eq!(counted("smsp_skipped_total", "reason"), passed_over, "{upstream}\n{}", metrics.page);
        let saw = |taken| provider.mails().iter().filter(|mail| mail.taken == taken).count() as u64;
        let refused: u64 = handed_over.values().sum::<u64>() - handed_over["accepted"] - handed_over["unknown"];
        assert_eq!(saw(Some(true)), handed_over["accepted"], "{upstream} took");
        assert_eq!(saw(None), handed_over["unknown"], "{upstream} left unknown");
        assert_eq!(saw(Some(false)), refused, "{upstream} refused");
        assert!(passed_over["sender_held"] > 0, "{upstream} passed over nobody");
    }
    let unknown = answers.iter().filter(|answer| answer.json["delivery"] == "unknown").count() as u64;
    assert_eq!(metrics.count("smsp_unknown_total", &[]), unknown, "{}", metrics.page);
    for status in [200, 422, 502, 504] {
        let answers = answers.iter().filter(|answer| answer.status == status).count() as u64;
        let labels = [("path", "/email"), ("status", &status.to_string())];
        assert_eq!(metrics.count("smsp_requests_total", &labels), answers, "{status}\n{}", metrics.page);
    }
}

#[tokio::test]
async fn a_mixed_series_adds_up_where_no_failure_leads_further() {
    series_adds_up("never").await;
}

#[tokio::test]
async fn a_mixed_series_adds_up_where_only_the_certain_ones_do() {
    series_adds_up("safe").await;
}

#[tokio::test]
async fn a_mixed_series_adds_up_where_every_failure_does() {
    series_adds_up("always").await;
}

async fn unknown_mails(proxy: &Proxy) -> u64 {
    proxy.client.metrics().await.count("smsp_unknown_total", &[])
}

#[tokio::test]
async fn a_mail_that_two_providers_may_have_is_one_unknown_and_one_that_a_third_took_is_none() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url()).patient_circuits();
    let proxy = Proxy::start(settings.with("SMSP_FAILOVER", "always")).await;
    mailgun.does(Behaviour::Close);
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:unknown", "sg:accepted"]);
    assert_eq!(unknown_mails(&proxy).await, 0);
    sendgrid.does(Behaviour::Close);
    proxy.client.send(&mails::plain()).await.expect(504).expect_attempts(&["mg:unknown", "sg:unknown"]);
    assert_eq!(unknown_mails(&proxy).await, 1);
    let metrics = proxy.client.metrics().await;
    assert_eq!(metrics.count("smsp_attempts_total", &[("outcome", "unknown")]), 3, "{}", metrics.page);
}

#[tokio::test]
async fn the_unknown_of_a_caller_who_has_hung_up_is_counted() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.does(Behaviour::Stall);
    let settings = Settings::server().mailgun(&mailgun.url()).with("SMSP_ATTEMPT_TIMEOUT", "500ms");
    let proxy = Proxy::start(settings).await;
    let mail = mails::plain().to_string();
    let mut caller = Raw::connect(proxy.api).await;
    caller.write(&head(&[&format!("content-length: {}", mail.len()), &format!("x-api-key: {API_KEY}")])).await;
    caller.write(&mail).await;
    mailgun.receives_mails(1).await;
    drop(caller);
    eventually("the unknown is counted", async || {
        let metrics = proxy.client.metrics().await;
        when(metrics.count("smsp_unknown_total", &[]) == 1, || metrics.page)
    })
    .await;
    mailgun.only_mail();
}

//! `SMSP_OUTBOX_FALLBACK` and `Prefer: respond-async`: mail of `POST /email` that goes into the outbox.
//!
//! A provider that is down refuses connections, so each attempt is a definite no.

mod allowed;
mod broken_store;
mod configured;
mod drain;
mod repeats;
mod asked_for;

use std::collections::BTreeSet;

use serde_json::json;

use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{at_rest, becomes, hand_overs, id, shown};
use crate::harness::wait::{eventually, when};
use crate::harness::{Answer, Proxy, Settings, StubProvider, mails};

/// A node whose only provider is down, with circuits that no failure opens; waits of the outbox are short.
struct Node {
    proxy: Proxy,
    provider: StubProvider,
}

impl Node {
    async fn start(database: &Database) -> Self {
        Self::with(database, |settings| settings).await
    }

    async fn with(database: &Database, change: impl FnOnce(Settings) -> Settings) -> Self {
        let provider = StubProvider::sendgrid().await;
        provider.goes_down().await;
        let settings = Settings::server().sendgrid(&provider.url()).patient_circuits();
        let settings = settings.with("SMSP_OUTBOX_FALLBACK", "true").with("SMSP_OUTBOX_RETRY", "1s");
        Self { proxy: Proxy::start(change(database.under(settings))).await, provider }
    }

    async fn send(&self, headers: &[(&str, &str)]) -> Answer {
        self.proxy.client.send_with(&mails::plain(), headers).await
    }

    /// Sends under this key.
    async fn keyed(&self, key: &str) -> Answer {
        self.send(&[("Idempotency-Key", key)]).await
    }

    /// How many mails fell back so.
    async fn fallbacks(&self, result: &str) -> u64 {
        self.proxy.client.metrics().await.count("smsp_outbox_fallbacks_total", &[("result", result)])
    }
}

on_both_stores! {
    while_every_circuit_is_open_mail_is_queued_and_arrives_once_after_they_are_closed,
    a_failed_attempt_is_kept_with_the_mail_and_counts,
    a_mail_that_may_not_fail_over_does_not_in_the_outbox_either,
    a_full_outbox_changes_no_answer,
    without_the_setting_nothing_is_queued,
}

async fn while_every_circuit_is_open_mail_is_queued_and_arrives_once_after_they_are_closed(database: &Database) {
    let node = Node::with(database, |settings| settings.one_failure_opens().one_probe_closes().eager_probes()).await;
    let client = &node.proxy.client;
    client.send(&mails::with_subject("first")).await.expect(202).expect_attempts(&["sg:unavailable"]);
    eventually("the circuit is open", async || {
        let state = client.state("sg").await;
        when(state != "closed", || state)
    })
    .await;
    for number in 0..10 {
        let answer = client.send(&mails::with_subject(&number.to_string())).await.expect(202).expect_attempts(&[]);
        assert_eq!((answer.at("/delivery"), answer.at("/status")), (&json!("queued"), &json!("queued")), "{answer}");
        assert_eq!(answer.at("/next_attempt_at"), answer.at("/accepted_at"), "it is due at once: {answer}");
        assert_eq!(answer.header("location"), Some(&*format!("/email/{}", id(&answer))), "{answer}");
        assert_eq!(answer.header("preference-applied"), None, "{answer}");
    }
    assert_eq!((node.provider.mail_count(), node.fallbacks("queued").await), (0, 11));
    let metrics = client.metrics().await;
    assert_eq!(metrics.count("smsp_outbox_accepted_total", &[]), 11, "{}", metrics.page);
    node.provider.comes_up();
    assert_eq!(at_rest(client).await.status("accepted"), 11);
    let subjects: BTreeSet<_> = node.provider.mails().iter().map(|mail| mail.json()["subject"].to_string()).collect();
    assert_eq!((node.provider.mail_count(), subjects.len()), (11, 11), "each mail once");
    let lines = node.proxy.logs();
    let queued = lines.iter().filter(|line| line["message"] == "mail queued").count();
    assert_eq!(queued, 11, "{}", node.proxy.process.evidence());
}

async fn a_failed_attempt_is_kept_with_the_mail_and_counts(database: &Database) {
    let node = Node::with(database, |settings| settings.with("SMSP_OUTBOX_ATTEMPTS", "2")).await;
    let answer = node.send(&[]).await.expect(202).expect_attempts(&["sg:unavailable"]);
    let ended = becomes(&node.proxy.client, &id(&answer), "refused").await;
    assert_eq!(hand_overs(&ended), ["sg:unavailable", "sg:unavailable"], "that of the call is the first: {ended}");
    let (first, accepted) = (ended.at("/attempts/0/at").as_str(), ended.at("/accepted_at").as_str());
    assert!(first.is_some() && first <= accepted, "{ended}");
    let alone = Database::sqlite();
    let once = Node::with(&alone, |settings| settings.with("SMSP_OUTBOX_ATTEMPTS", "1")).await;
    once.send(&[]).await.expect_problem(502, "none", true);
    assert_eq!((once.fallbacks("queued").await, once.fallbacks("down").await), (0, 0));
}

async fn a_mail_that_may_not_fail_over_does_not_in_the_outbox_either(database: &Database) {
    let (first, second) = (StubProvider::sendgrid().await, StubProvider::sendgrid().await);
    first.goes_down().await;
    let settings = Settings::accounts(&[("a", &first.url()), ("b", &second.url())]).patient_circuits();
    let settings = settings.with("SMSP_OUTBOX_FALLBACK", "true").with("SMSP_OUTBOX_RETRY", "1s");
    let proxy = Proxy::start(database.under(settings)).await;
    let never = proxy.client.send_with(&mails::plain(), &[("X-SMSP-Failover", "never")]).await.expect(202);
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["a:unavailable", "b:accepted"]);
    let never = id(&never.expect_attempts(&["a:unavailable"]));
    eventually("it was claimed twice", async || {
        let mail = shown(&proxy.client, &never).await.expect(200);
        when(hand_overs(&mail).len() >= 3, || mail.to_string())
    })
    .await;
    first.comes_up();
    let ended = becomes(&proxy.client, &never, "accepted").await;
    let tried = hand_overs(&ended);
    assert!(tried.iter().all(|tried| tried.starts_with("a:")), "{ended}");
    assert_eq!((first.mail_count(), second.mail_count()), (1, 1), "{ended}");
}

async fn a_full_outbox_changes_no_answer(database: &Database) {
    let node = Node::with(database, |settings| settings.with("SMSP_CALLER_OUTBOX_ROWS", "1")).await;
    node.send(&[]).await.expect(202);
    node.send(&[]).await.expect_problem(502, "none", true).expect_attempts(&["sg:unavailable"]);
    assert_eq!((node.fallbacks("queued").await, node.fallbacks("full").await), (1, 1));
}

async fn without_the_setting_nothing_is_queued(database: &Database) {
    let node = Node::with(database, |settings| settings.without("SMSP_OUTBOX_FALLBACK")).await;
    node.send(&[]).await.expect_problem(502, "none", true).expect_attempts(&["sg:unavailable"]);
    node.keyed("k").await.expect_problem(502, "none", true);
    node.proxy.client.order("sg", &json!({"override": "open"})).await.expect(200);
    node.send(&[]).await.expect_problem(503, "none", true);
    let page = node.proxy.client.metrics().await.page;
    let counted = |line: &&str| line.starts_with("smsp_outbox_fallbacks_total") && !line.ends_with(" 0");
    assert_eq!(page.lines().filter(counted).count(), 0, "{page}");
    node.provider.comes_up();
    assert_eq!(at_rest(&node.proxy.client).await.all(), 0);
}

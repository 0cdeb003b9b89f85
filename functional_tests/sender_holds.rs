//! A From domain that a provider has refused is not offered to it again for a while; its circuit has no part in that.

use serde_json::{Value, json};

use crate::harness::wait::when;
use crate::harness::{Proxy, Reply, Settings, StubProvider, eventually, mails};

/// Two accounts, of which the first refuses every sender.
struct Environment {
    proxy: Proxy,
    first: StubProvider,
    second: StubProvider,
}

impl Environment {
    async fn with(hold: &str) -> Self {
        let (first, second) = (StubProvider::sendgrid().await, StubProvider::sendgrid().await);
        first.does(Reply::sendgrid_refuses_the_sender().into());
        let settings = Settings::accounts(&[("a", &first.url()), ("b", &second.url())]).one_failure_opens();
        Self { proxy: Proxy::start(settings.with("SMSP_SENDER_HOLD", hold)).await, first, second }
    }

    /// The mail is refused, and the domain is held from now on.
    async fn refused(hold: &str) -> Self {
        let environment = Self::with(hold).await;
        let receipt = environment.proxy.client.send(&mails::plain()).await.expect(200);
        assert_eq!(receipt.attempts(), ["a:sender_rejected", "b:accepted"], "{receipt}");
        assert_eq!(receipt.at("/attempts/0/reason"), "http_403", "{receipt}");
        environment
    }

    async fn held(&self, upstream: &str) -> Vec<Value> {
        let circuit = self.proxy.client.circuit(upstream).await;
        circuit["held_senders"].as_array().unwrap_or_else(|| panic!("no list in {circuit}")).clone()
    }

    async fn skipped(&self, upstream: &str) -> u64 {
        let labels = [("upstream", upstream), ("reason", "sender_held")];
        self.proxy.client.metrics().await.count("smsp_skipped_total", &labels)
    }

    async fn handed_over(&self, upstream: &str) -> u64 {
        self.proxy.client.metrics().await.count("smsp_attempts_total", &[("upstream", upstream)])
    }
}

#[tokio::test]
async fn held_sender_goes_straight_to_the_next_upstream() {
    let environment = Environment::refused("10m").await;
    for (count, sender) in ["sender@example.com", "sender@EXAMPLE.com", "N <sender@example.com>"].iter().enumerate() {
        let receipt = environment.proxy.client.send(&mails::from(sender)).await.expect(200);
        assert_eq!(receipt.attempts(), ["a:sender_rejected", "b:accepted"], "{sender} {receipt}");
        let expected =
            json!({"provider": "a", "outcome": "sender_rejected", "reason": "sender_held", "duration_ms": 0});
        assert_eq!(receipt.at("/attempts/0"), &expected, "{sender} {receipt}");
        assert_eq!(receipt.json.get("possible_duplicate"), None, "{receipt}");
        assert_eq!(environment.skipped("a").await, count as u64 + 1);
    }
    environment.first.only_mail();
    assert_eq!(
        (environment.second.mails().len(), environment.handed_over("a").await, environment.skipped("b").await),
        (4, 1, 0)
    );
}

#[tokio::test]
async fn sender_hold_is_per_address_and_shown_per_domain() {
    let environment = Environment::refused("10m").await;
    for (count, sender) in ["s@example.org", "s@sub.example.com", "s@xexample.com", "t@example.org"].iter().enumerate()
    {
        let receipt = environment.proxy.client.send(&mails::from(sender)).await.expect(200);
        assert_eq!(receipt.at("/attempts/0/reason"), "http_403", "{sender} {receipt}");
        assert_eq!(environment.first.mails().len(), count + 2, "{sender} {receipt}");
    }
    let held: Vec<_> = environment.held("a").await.iter().map(|held| held["domain"].clone()).collect();
    assert_eq!(held, ["example.com", "sub.example.com", "xexample.com", "example.org"]);
}

#[tokio::test]
async fn held_domains_are_listed_with_their_time_and_the_circuit_stays_closed() {
    let environment = Environment::with("10m").await;
    assert_eq!((environment.held("a").await, environment.held("b").await), (vec![], vec![]));
    let environment = Environment::refused("10m").await;
    let held = environment.held("a").await;
    let left = held[0]["for_ms"].as_u64().unwrap_or_default();
    assert!((540_000..=600_000).contains(&left), "{held:?}");
    assert_eq!(held, [json!({"domain": "example.com", "for_ms": left})]);
    assert_eq!(environment.held("b").await, Vec::<Value>::new());
    let circuit = environment.proxy.client.circuit("a").await;
    assert_eq!((&circuit["state"], &circuit["trips"]), (&json!("closed"), &json!(0)), "{circuit}");
    assert_eq!(circuit["window"], json!({"ok": 0, "failed": 0, "slow": 0}), "{circuit}");
}

#[tokio::test]
async fn a_reset_releases_the_domains_of_that_circuit() {
    let environment = Environment::refused("10m").await;
    environment.second.does(Reply::sendgrid_refuses_the_sender().into());
    environment.proxy.client.send(&mails::plain()).await.expect(422);
    assert_eq!((environment.held("a").await.len(), environment.held("b").await.len()), (1, 1));
    let shown = environment.proxy.client.order("a", &json!({"reset": true})).await.expect(200);
    assert_eq!(shown.json["held_senders"], json!([]), "{shown}");
    assert_eq!(environment.held("b").await.len(), 1, "the other circuit was not reset");
    environment.first.does(Reply::sendgrid_accepts().into());
    environment.proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["a:accepted"]);
    assert_eq!((environment.first.mails().len(), environment.second.mails().len()), (2, 2));
}

#[tokio::test]
async fn a_forced_circuit_still_holds_its_senders() {
    let environment = Environment::refused("10m").await;
    environment.proxy.client.order("a", &json!({"override": "closed"})).await.expect(200);
    environment
        .proxy
        .client
        .send(&mails::plain())
        .await
        .expect(200)
        .expect_attempts(&["a:sender_rejected", "b:accepted"]);
    environment.first.only_mail();
}

#[tokio::test]
async fn sender_hold_expires() {
    let environment = Environment::refused("3s").await;
    assert_eq!(environment.held("a").await.len(), 1, "for three seconds");
    environment.first.does(Reply::sendgrid_accepts().into());
    eventually("nothing is held any more", async || {
        let held = environment.held("a").await;
        when(held.is_empty(), || format!("{held:?}"))
    })
    .await;
    environment.proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["a:accepted"]);
}

#[tokio::test]
async fn sender_held_by_every_upstream_is_422_without_an_attempt() {
    let environment = Environment::with("10m").await;
    environment.second.does(Reply::sendgrid_refuses_the_sender().into());
    for reason in ["http_403", "sender_held", "sender_held"] {
        let answer = environment.proxy.client.send(&mails::plain()).await.expect_problem(422, "none", false);
        assert_eq!(answer.fields(), ["from"], "{answer}");
        assert_eq!(answer.json["type"], "urn:smsp:problem:sender-rejected", "{answer}");
        assert_eq!(answer.attempts(), ["a:sender_rejected", "b:sender_rejected"], "{answer}");
        for attempt in ["/attempts/0/reason", "/attempts/1/reason"] {
            assert_eq!(answer.at(attempt), reason, "{answer}");
        }
    }
    environment.first.only_mail();
    environment.second.only_mail();
    assert_eq!((environment.skipped("a").await, environment.skipped("b").await), (2, 2));
    assert_eq!((environment.handed_over("a").await, environment.handed_over("b").await), (1, 1));
}

#[tokio::test]
async fn held_sender_and_open_circuit_is_503_retryable() {
    let environment = Environment::refused("10m").await;
    environment.second.does(Reply::new(500, "").into());
    environment.proxy.client.send(&mails::plain()).await.expect(504);
    let answer = environment.proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    assert_eq!(answer.attempts(), ["a:sender_rejected"], "{answer}");
    assert!(answer.retry_after() >= 1, "{answer}");
}

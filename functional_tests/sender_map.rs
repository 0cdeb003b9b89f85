//! An upstream that may not send for the sender of a mail is not offered it; its circuit and its probes have no part in
//! that.

use serde_json::json;

use crate::harness::stub_provider::Request;
use crate::harness::wait::when;
use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, eventually, mails, run};

/// Two accounts, `a` before `b`.
struct Environment {
    proxy: Proxy,
    first: StubProvider,
    second: StubProvider,
}

impl Environment {
    async fn with(settings: &[(&str, &str)]) -> Self {
        let (first, second) = (StubProvider::sendgrid().await, StubProvider::sendgrid().await);
        let base = Settings::accounts(&[("a", &first.url()), ("b", &second.url())]).one_failure_opens();
        let proxy = Proxy::start(settings.iter().fold(base, |all, (name, value)| all.with(name, value))).await;
        Self { proxy, first, second }
    }

    /// How many mails each provider has got.
    fn mails(&self) -> (usize, usize) {
        (self.first.mails().len(), self.second.mails().len())
    }

    async fn skipped(&self, upstream: &str) -> u64 {
        let labels = [("upstream", upstream), ("reason", "sender_not_allowed")];
        self.proxy.client.metrics().await.count("smsp_skipped_total", &labels)
    }
}

#[tokio::test]
async fn upstream_gets_the_mail_of_its_own_domains_alone() {
    let own = [("SMSP_A_FROM_DOMAINS", "shop.example, *.Shop.example"), ("SMSP_B_FROM_DOMAINS", "blog.example")];
    let environment = Environment::with(&own).await;
    for sender in ["x@shop.example", "x@SHOP.example", "N <x@mail.shop.example>"] {
        environment.proxy.client.send(&mails::from(sender)).await.expect(200).expect_attempts(&["a:accepted"]);
    }
    let receipt = environment.proxy.client.send(&mails::from("x@blog.example")).await.expect(200);
    assert_eq!(receipt.attempts(), ["a:sender_rejected", "b:accepted"], "{receipt}");
    let expected =
        json!({"provider": "a", "outcome": "sender_rejected", "reason": "sender_not_allowed", "duration_ms": 0});
    assert_eq!(receipt.at("/attempts/0"), &expected, "{receipt}");
    assert_eq!(environment.mails(), (3, 1));
    assert_eq!((environment.skipped("a").await, environment.skipped("b").await), (1, 0));
}

#[tokio::test]
async fn sender_that_no_upstream_may_send_for_is_422_on_from_without_an_attempt() {
    let environment = Environment::with(&[("SMSP_FROM_DOMAINS", "*.shop.example")]).await;
    for sender in ["x@shop.example", "x@badshop.example", "x@mail.shop.example.evil.example"] {
        let answer = environment.proxy.client.send(&mails::from(sender)).await.expect_problem(422, "none", false);
        assert_eq!(answer.json["type"], "urn:smsp:problem:sender-rejected", "{answer}");
        assert_eq!(answer.fields(), ["from"], "{answer}");
        assert_eq!(answer.attempts(), ["a:sender_rejected", "b:sender_rejected"], "{answer}");
        for attempt in ["/attempts/0/reason", "/attempts/1/reason"] {
            assert_eq!(answer.at(attempt), "sender_not_allowed", "{answer}");
        }
    }
    assert_eq!(environment.mails(), (0, 0));
    assert_eq!((environment.skipped("a").await, environment.skipped("b").await), (3, 3));
    let circuit = environment.proxy.client.circuit("a").await;
    assert_eq!((&circuit["state"], &circuit["held_senders"]), (&json!("closed"), &json!([])), "{circuit}");
    assert_eq!(circuit["window"], json!({"ok": 0, "failed": 0, "slow": 0}), "{circuit}");
}

#[tokio::test]
async fn one_upstream_may_send_for_any_domain_though_all_have_a_list() {
    let settings = [("SMSP_FROM_DOMAINS", "shop.example"), ("SMSP_B_FROM_DOMAINS", "any")];
    let environment = Environment::with(&settings).await;
    let receipt = environment.proxy.client.send(&mails::from("x@blog.example")).await.expect(200);
    assert_eq!(receipt.attempts(), ["a:sender_rejected", "b:accepted"], "{receipt}");
    environment.proxy.client.send(&mails::from("x@shop.example")).await.expect(200).expect_attempts(&["a:accepted"]);
}

#[tokio::test]
async fn upstream_must_be_allowed_to_send_for_the_sender_header_too() {
    let environment = Environment::with(&[("SMSP_A_FROM_DOMAINS", "example.com")]).await;
    for (sender, attempts) in
        [("office@example.com", &["a:accepted"][..]), ("office@agency.example", &["a:sender_rejected", "b:accepted"])]
    {
        let mail = mails::but("headers", json!({"Sender": sender}));
        environment.proxy.client.send(&mail).await.expect(200).expect_attempts(attempts);
    }
    assert_eq!(environment.mails(), (1, 1));
}

#[tokio::test]
async fn open_circuit_of_the_only_upstream_that_may_send_is_503_retryable() {
    let environment = Environment::with(&[("SMSP_A_FROM_DOMAINS", "shop.example")]).await;
    environment.proxy.client.order("b", &json!({"override": "open"})).await.expect(200);
    let answer = environment.proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    assert_eq!(answer.attempts(), ["a:sender_rejected"], "{answer}");
    assert!(answer.retry_after() >= 1, "{answer}");
    assert_eq!(environment.mails(), (0, 0));
}

#[tokio::test]
async fn sender_that_is_not_allowed_is_no_failure_to_recover_from() {
    let environment = Environment::with(&[("SMSP_A_FROM_DOMAINS", "shop.example"), ("SMSP_FAILOVER", "never")]).await;
    let receipt = environment.proxy.client.send(&mails::plain()).await.expect(200);
    assert_eq!(receipt.attempts(), ["a:sender_rejected", "b:accepted"], "{receipt}");
}

#[tokio::test]
async fn probes_go_to_an_upstream_whatever_domains_it_may_send_for() {
    let settings = [
        ("SMSP_A_FROM_DOMAINS", "shop.example"),
        ("SMSP_POLL_INTERVAL", "100ms"),
        ("SMSP_CIRCUIT_PROBES_TO_CLOSE", "1"),
        ("SMSP_CIRCUIT_RAMP", "0s"),
    ];
    let environment = Environment::with(&settings).await;
    environment.first.follows(|request: &Request| match request.is_probe() {
        true => Reply::sendgrid_accepts().into(),
        false => Behaviour::from(Reply::new(500, "")),
    });
    environment.proxy.client.send(&mails::from("x@shop.example")).await.expect_problem(504, "unknown", false);
    environment.first.receives_probes(1).await;
    eventually("the circuit is closed", async || {
        let state = environment.proxy.client.state("a").await;
        when(state == "closed", || state.clone())
    })
    .await;
    assert_eq!(environment.skipped("a").await, 0, "a probe is no mail that is left out");
}

/// The warnings of `check-config` about the sender of probes.
async fn warnings(settings: Settings) -> Vec<String> {
    let output = run(&["check-config"], &settings).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let about = |line: &&str| line.starts_with("warning: SMSP_POLL_FROM_ADDRESS: ");
    output.stderr.lines().filter(about).map(str::to_owned).collect()
}

#[tokio::test]
async fn poll_address_outside_of_an_upstreams_domains_is_a_warning() {
    let accounts = || Settings::accounts(&[("a", "http://127.0.0.1:9"), ("b", "http://127.0.0.1:9")]);
    let listed = || accounts().with("SMSP_A_FROM_DOMAINS", "shop.example");
    for (settings, told) in [
        (accounts(), None),
        (listed(), Some("is of no domain that a may send for")),
        (listed().with("SMSP_POLL_FROM_ADDRESS", "Probe <x@shop.example>"), None),
        (listed().with("SMSP_B_FROM_DOMAINS", "*.shop.example"), Some("is of no domain that a, b may send for")),
        (accounts().with("SMSP_FROM_DOMAINS", "*.example.org"), None),
    ] {
        let warnings = warnings(settings).await;
        assert_eq!(warnings.len(), usize::from(told.is_some()), "{told:?}: {warnings:?}");
        assert!(told.is_none_or(|told| warnings[0].contains(told)), "{told:?}: {warnings:?}");
    }
}

#[tokio::test]
async fn poll_address_is_no_matter_to_a_local_upstream() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let settings = Settings::maildir(dir.path()).with("SMSP_MAILDIR_FROM_DOMAINS", "shop.example");
    assert_eq!(warnings(settings).await, Vec::<String>::new());
}

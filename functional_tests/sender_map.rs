//! An upstream that may not send for the sender of a mail is not offered it; its circuit and its probes have no part in
//! that.

use serde_json::json;

use crate::harness::stub_provider::Request;
use crate::harness::wait::when;
use crate::harness::{Behaviour, Reply, Settings, TwoAccounts, eventually, mails, run};

async fn skipped(environment: &TwoAccounts, upstream: &str) -> u64 {
    let labels = [("upstream", upstream), ("reason", "sender_not_allowed")];
    environment.proxy.client.metrics().await.count("smsp_skipped_total", &labels)
}

#[tokio::test]
async fn upstream_gets_the_mail_of_its_own_domains_alone() {
    let own = [("SMSP_A_FROM_DOMAINS", "shop.example, *.Shop.example"), ("SMSP_B_FROM_DOMAINS", "blog.example")];
    let environment = TwoAccounts::one_failure_opens(&own).await;
    for sender in ["x@shop.example", "x@SHOP.example", "N <x@mail.shop.example>"] {
        environment.proxy.client.send(&mails::from(sender)).await.expect(200).expect_attempts(&["a:accepted"]);
    }
    let receipt = environment.proxy.client.send(&mails::from("x@blog.example")).await.expect(200);
    assert_eq!(receipt.attempts(), ["a:sender_rejected", "b:accepted"], "{receipt}");
    let expected =
        json!({"provider": "a", "outcome": "sender_rejected", "reason": "sender_not_allowed", "duration_ms": 0});
    assert_eq!(receipt.at("/attempts/0"), &expected, "{receipt}");
    assert_eq!(environment.mails(), (3, 1));
    assert_eq!((skipped(&environment, "a").await, skipped(&environment, "b").await), (1, 0));
}

#[tokio::test]
async fn sender_that_no_upstream_may_send_for_is_422_on_from_without_an_attempt() {
    let environment = TwoAccounts::one_failure_opens(&[("SMSP_FROM_DOMAINS", "*.shop.example")]).await;
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
    assert_eq!((skipped(&environment, "a").await, skipped(&environment, "b").await), (3, 3));
    let circuit = environment.proxy.client.circuit("a").await;
    assert_eq!((&circuit["state"], &circuit["held_senders"]), (&json!("closed"), &json!([])), "{circuit}");
    assert_eq!(circuit["window"], json!({"ok": 0, "failed": 0, "slow": 0}), "{circuit}");
}

#[tokio::test]
async fn one_upstream_may_send_for_any_domain_though_all_have_a_list() {
    let settings = [("SMSP_FROM_DOMAINS", "shop.example"), ("SMSP_B_FROM_DOMAINS", "any")];
    let environment = TwoAccounts::one_failure_opens(&settings).await;
    let receipt = environment.proxy.client.send(&mails::from("x@blog.example")).await.expect(200);
    assert_eq!(receipt.attempts(), ["a:sender_rejected", "b:accepted"], "{receipt}");
    environment.proxy.client.send(&mails::from("x@shop.example")).await.expect(200).expect_attempts(&["a:accepted"]);
}

#[tokio::test]
async fn upstream_must_be_allowed_to_send_for_the_sender_header_too() {
    let environment = TwoAccounts::one_failure_opens(&[("SMSP_A_FROM_DOMAINS", "example.com")]).await;
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
    let environment = TwoAccounts::one_failure_opens(&[("SMSP_A_FROM_DOMAINS", "shop.example")]).await;
    environment.proxy.client.order("b", &json!({"override": "open"})).await.expect(200);
    let answer = environment.proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    assert_eq!(answer.attempts(), ["a:sender_rejected"], "{answer}");
    assert!(answer.retry_after() >= 1, "{answer}");
    assert_eq!(environment.mails(), (0, 0));
}

#[tokio::test]
async fn sender_that_is_not_allowed_is_no_failure_to_recover_from() {
    let environment =
        TwoAccounts::one_failure_opens(&[("SMSP_A_FROM_DOMAINS", "shop.example"), ("SMSP_FAILOVER", "never")]).await;
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
    let environment = TwoAccounts::one_failure_opens(&settings).await;
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
    assert_eq!(skipped(&environment, "a").await, 0, "a probe is no mail that is left out");
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

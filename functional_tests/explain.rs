//! `POST /route` tells where a mail would go and why nowhere else, and changes nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Behaviour, Gate, RefusingPort, Reply, TwoAccounts, mails};

async fn explain(environment: &TwoAccounts, mail: &Value) -> Value {
    environment.proxy.client.explain(mail, &[]).await.expect(200).json
}

#[tokio::test]
async fn without_rules_the_plan_is_the_order_of_the_configuration() {
    let environment = TwoAccounts::one_failure_opens(&[]).await;
    let ready = |upstream: &str, share: f64| json!({"upstream": upstream, "share": share, "standing": "ready"});
    let expected = json!({"plan": [ready("a", 1.0), ready("b", 0.0)], "would": "accepted"});
    assert_eq!(explain(&environment, &mails::plain()).await, expected);
}

#[tokio::test]
async fn rule_and_pin_are_told_and_hold_for_the_mail_that_follows() {
    let environment =
        TwoAccounts::one_failure_opens(&[("SMSP_ROUTES", "otp: tag=otp -> b!; tag=offer -> b:30,a:70")]).await;
    let otp = mails::but("tags", json!(["otp"]));
    let expected = json!({"rule": "otp", "plan": [
        {"upstream": "b", "share": 1.0, "standing": "ready"},
        {"upstream": "a", "share": 0.0, "standing": "left_out", "reason": "rule"},
    ], "would": "accepted"});
    assert_eq!(explain(&environment, &otp).await, expected);
    assert_eq!(environment.proxy.client.send(&otp).await.expect(200).json["provider"], "b");
    let offer = explain(&environment, &mails::but("tags", json!(["offer"]))).await;
    assert_eq!(offer["rule"], "rule_2", "{offer}");
    let shares: Vec<_> =
        (0..2_usize).map(|place| (&offer["plan"][place]["upstream"], &offer["plan"][place]["share"])).collect();
    assert_eq!(shares, [(&json!("a"), &json!(0.7)), (&json!("b"), &json!(0.3))], "the larger share is first: {offer}");
}

#[tokio::test]
async fn open_circuit_is_told_with_its_reason_and_its_next_probe() {
    let nobody = RefusingPort::reserve();
    let url = nobody.url();
    let environment = TwoAccounts::one_failure_opens(&[("SMSP_A_BASE_URL", &url), ("SMSP_B_BASE_URL", &url)]).await;
    environment.proxy.client.send(&mails::plain()).await.expect(502);
    let explained = explain(&environment, &mails::plain()).await;
    assert_eq!(explained["would"], "none", "{explained}");
    for place in explained["plan"].as_array().expect("a list") {
        assert_eq!((&place["standing"], &place["reason"]), (&json!("left_out"), &json!("circuit")), "{place}");
        assert_eq!(place["detail"], "consecutive_failures", "{place}");
    }
    let waits = explained["plan"].as_array().into_iter().flatten().filter_map(|place| place["next_probe_s"].as_u64());
    let asked = environment.proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true).retry_after();
    assert!(waits.min().is_some_and(|wait| wait >= asked && asked > 0), "Retry-After {asked}: {explained}");
}

#[tokio::test]
async fn sender_that_no_upstream_may_send_for_would_be_taken_by_none() {
    let environment = TwoAccounts::one_failure_opens(&[("SMSP_FROM_DOMAINS", "shop.example")]).await;
    let explained = explain(&environment, &mails::from("x@blog.example")).await;
    for place in explained["plan"].as_array().expect("a list") {
        assert_eq!((&place["reason"], &place["share"]), (&json!("sender_not_allowed"), &json!(0.0)), "{place}");
    }
    assert_eq!(explained["would"], "none", "{explained}");
    environment.proxy.client.send(&mails::from("x@blog.example")).await.expect_problem(422, "none", false);
}

#[tokio::test]
async fn what_an_upstream_cannot_carry_and_whom_it_has_refused_is_told() {
    let environment = TwoAccounts::one_failure_opens(&[]).await;
    environment.first.does(Reply::sendgrid_refuses_the_sender().into());
    environment.proxy.client.send(&mails::plain()).await.expect(200);
    let mut hidden = mails::but("bcc", json!("hidden@example.net"));
    let held = explain(&environment, &hidden).await;
    let of_a = json!({"upstream": "a", "share": 0.0, "standing": "left_out", "reason": "sender_held"});
    assert_eq!((&held["plan"][0]["upstream"], &held["plan"][1]), (&json!("b"), &of_a), "{held}");
    hidden.as_object_mut().expect("an object").remove("to");
    let explained = explain(&environment, &hidden).await;
    for place in explained["plan"].as_array().expect("a list") {
        assert_eq!((&place["reason"], &place["detail"]), (&json!("not_capable"), &json!("no_to")), "{explained}");
    }
}

#[tokio::test]
async fn every_refusal_before_the_hand_over_is_that_of_a_mail_that_is_sent() {
    let keys = [("SMSP_API_KEYS", "shop:shop-key"), ("SMSP_CALLER_SHOP_FROM_DOMAINS", "shop.example")];
    let settings = [&keys[..], &[("SMSP_MAX_BODY", "1KiB")]].concat();
    let environment = TwoAccounts::one_failure_opens(&settings).await;
    let client = &environment.proxy.client;
    let (plain, own) = (mails::plain().to_string(), [("x-api-key", "shop-key")]);
    let large = format!("{}{plain}", " ".repeat(2 * 1024));
    for (query, body, headers, status) in [
        ("", "hello", &[][..], 400),
        ("?dryrun=true", &plain, &[], 400),
        ("", &plain, &[("x-smsp-failover", "always")], 400),
        ("", &plain, &[("idempotency-key", "a b")], 400),
        ("", &plain, &[("x-api-key", "wrong")], 401),
        ("", &plain, &own, 403),
        ("", &large, &[], 413),
        ("", &plain, &[("content-type", "text/plain")], 415),
        ("", &plain, &[("content-encoding", "gzip")], 415),
        ("", r#"{"from": "nobody", "bogus": 1}"#, &[], 422),
    ] {
        let sent = client.post_to(&format!("/email{query}"), body.to_owned(), headers).await;
        let explained = client.post_to(&format!("/route{query}"), body.to_owned(), headers).await;
        let explained = explained.expect_problem(status, "none", false);
        for member in ["type", "status", "detail", "errors"] {
            assert_eq!(sent.json[member], explained.json[member], "{member}\n{sent}\n{explained}");
        }
    }
    assert_eq!(environment.mails(), (0, 0));
}

#[tokio::test]
async fn explained_mail_is_not_sent_and_only_the_request_is_counted() {
    let environment = TwoAccounts::one_failure_opens(&[]).await;
    let client = &environment.proxy.client;
    let page = async || {
        let page = client.metrics().await.page;
        // What depends on the time, the process, and requests that are counted and timed.
        let moves = ["smsp_request", "supervisor", "smsp_connections", "process_"];
        let kept = page.lines().filter(|line| !moves.iter().any(|name| line.contains(name)));
        kept.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let (before, circuits) = (page().await, client.circuit("a").await["generation"].clone());
    let key = [("idempotency-key", "order-17")];
    client.explain(&mails::plain(), &key).await.expect(200);
    client.explain(&mails::plain(), &[]).await.expect(200);
    assert_eq!(page().await, before);
    assert_eq!((environment.mails(), client.circuit("a").await["generation"].clone()), ((0, 0), circuits));
    let labels = [("path", "/route"), ("status", "200"), ("caller", "caller")];
    assert_eq!(client.metrics().await.count("smsp_requests_total", &labels), 2);
    let other = mails::with_subject("another message under this key");
    let receipt = client.send_with(&other, &key).await.expect(200);
    assert_eq!(receipt.header("idempotency-replayed"), None, "no answer was held: {receipt}");
}

#[tokio::test]
async fn explained_mail_with_a_key_has_the_plan_of_that_key() {
    let environment = TwoAccounts::one_failure_opens(&[("SMSP_ROUTING", "weighted")]).await;
    let client = &environment.proxy.client;
    for number in 0..20 {
        let name = format!("order-{number}");
        let key = [("idempotency-key", name.as_str())];
        let explained = client.explain(&mails::plain(), &key).await.expect(200).json;
        assert_eq!((&explained["plan"][0]["share"], &explained["plan"][1]["share"]), (&json!(1.0), &json!(0.0)));
        let receipt = client.send_with(&mails::plain(), &key).await.expect(200);
        assert_eq!(receipt.json["provider"], explained["plan"][0]["upstream"], "{explained}");
    }
    let (first, second) = environment.mails();
    assert!(first > 0 && second > 0, "keys are spread: {first} and {second}");
}

#[tokio::test]
async fn explained_mail_takes_no_turn_of_round_robin() {
    let environment = TwoAccounts::one_failure_opens(&[("SMSP_ROUTING", "round_robin")]).await;
    for _ in 0..3 {
        let explained = explain(&environment, &mails::plain()).await;
        assert_eq!(explained["plan"][0]["share"], 0.5, "{explained}");
        environment.proxy.client.send(&mails::plain()).await.expect(200);
        explain(&environment, &mails::plain()).await;
        environment.proxy.client.send(&mails::plain()).await.expect(200);
    }
    assert_eq!(environment.mails(), (3, 3));
}

#[tokio::test]
async fn explained_mail_counts_against_the_rate_and_takes_no_place() {
    let limits = [("SMSP_MAX_IN_FLIGHT", "1"), ("SMSP_CALLER_CONCURRENCY", "1"), ("SMSP_CALLER_RATE", "3/h")];
    let environment = TwoAccounts::one_failure_opens(&limits).await;
    let gate = Gate::shut();
    environment.first.does(Behaviour::AnswerBehind(gate.clone(), Reply::sendgrid_accepts()));
    let client = environment.proxy.client.clone();
    let sending = tokio::spawn(async move { client.send(&mails::plain()).await });
    environment.first.receives_mails(1).await;
    for _ in 0..2 {
        let explained = explain(&environment, &mails::plain()).await;
        assert_eq!(explained["would"], "accepted", "{explained}");
    }
    gate.open();
    sending.await.expect("the caller's task goes on").expect(200);
    let refused = environment.proxy.client.explain(&mails::plain(), &[]).await.expect_problem(429, "none", true);
    assert!(refused.retry_after() > 0, "{refused}");
}

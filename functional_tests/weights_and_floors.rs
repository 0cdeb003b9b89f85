//! `SMSP_ROUTING=weighted` shares mail by `SMSP_<NAME>_WEIGHT`; `SMSP_<NAME>_FLOOR` keeps a standby known under `priority`.

use serde_json::json;

use crate::harness::{Proxy, Settings, StubProvider, mails, run};

fn accounts([a, b]: &[StubProvider; 2]) -> Settings {
    Settings::accounts(&[("a", &a.url()), ("b", &b.url())])
}

async fn two() -> [StubProvider; 2] {
    [StubProvider::sendgrid().await, StubProvider::sendgrid().await]
}

#[tokio::test]
async fn weighted_routing_gives_each_upstream_its_share_and_all_to_the_one_that_is_left() {
    let providers = two().await;
    let weighted = accounts(&providers).with("SMSP_ROUTING", "weighted").with("SMSP_B_WEIGHT", "1000");
    let proxy = Proxy::start(weighted).await;
    for _ in 0..40 {
        proxy.client.send(&mails::plain()).await.expect(200);
    }
    let light = providers[0].mails().len();
    assert!(light <= 3, "one in a thousand comes to a, which got {light} of 40");
    proxy.client.order("b", &json!({"override": "open"})).await.expect(200);
    for _ in 0..5 {
        proxy.client.send(&mails::plain()).await.expect(200);
    }
    assert_eq!(providers[0].mails().len(), light + 5);
}

#[tokio::test]
async fn rule_with_weights_shares_its_mail_by_them_whatever_the_upstreams_own_weights() {
    let providers = two().await;
    let settings = accounts(&providers).with("SMSP_A_WEIGHT", "1000").with("SMSP_ROUTES", "tag=offer -> a:1,b:1000");
    let proxy = Proxy::start(settings).await;
    for _ in 0..40 {
        proxy.client.send(&mails::but("tags", json!(["offer"]))).await.expect(200);
    }
    let light = providers[0].mails().len();
    assert!(light <= 3, "one in a thousand comes to a, which got {light} of 40");
    proxy.client.order("b", &json!({"override": "open"})).await.expect(200);
    proxy.client.send(&mails::but("tags", json!(["offer"]))).await.expect(200);
    assert_eq!(providers[0].mails().len(), light + 1);
}

/// How many mails it takes until the circuit of a dead standby is open, and how many of them it was offered. No mail fails.
async fn mails_until_open(floor: &str, early_failures: &str) -> (u32, u32) {
    let providers = two().await;
    providers[1].goes_down().await;
    let settings = accounts(&providers).with("SMSP_B_FLOOR", floor);
    let proxy = Proxy::start(settings.with("SMSP_CIRCUIT_EARLY_FAILURES", early_failures)).await;
    let mut offered = 0;
    for mail in 1..=1000 {
        let receipt = proxy.client.send(&mails::plain()).await.expect(200);
        let attempts = receipt.attempts();
        assert_eq!(attempts.last().map(String::as_str), Some("a:accepted"), "mail {mail}: {receipt}");
        if attempts[0] == "b:unavailable" {
            offered += 1;
            if proxy.client.state("b").await == "open" {
                return (mail, offered);
            }
        }
    }
    panic!("a standby with a floor of {floor} is not open after 1000 mails, {offered} of them its own");
}

#[tokio::test]
async fn dead_standby_opens_within_five_mails_of_its_floor_and_no_mail_fails() {
    // Mails without a key take turns, so the numbers are exact: five failures in a row, or two where circuits open early.
    for (floor, early_failures, expected) in
        [("20%", "0", (25, 5)), ("20%", "2", (10, 2)), ("1%", "0", (500, 5)), ("1%", "2", (200, 2))]
    {
        assert_eq!(mails_until_open(floor, early_failures).await, expected, "{floor}, early {early_failures}");
    }
}

#[tokio::test]
async fn standby_without_a_floor_gets_no_mail() {
    let providers = two().await;
    providers[1].goes_down().await;
    let proxy = Proxy::start(accounts(&providers)).await;
    for _ in 0..25 {
        assert_eq!(proxy.client.send(&mails::plain()).await.expect(200).attempts(), ["a:accepted"]);
    }
    assert_eq!(proxy.client.state("b").await, "closed", "nobody knows that it is dead");
}

#[tokio::test]
async fn floors_of_all_mail_are_refused() {
    let providers = two().await;
    let settings = accounts(&providers).with("SMSP_A_FLOOR", "40%").with("SMSP_B_FLOOR", "60%");
    let output = run(&["check-config"], &settings).await;
    assert_eq!(output.code, Some(64), "{output:?}");
    assert!(output.stderr.contains("SMSP_B_FLOOR: is too high"), "{output:?}");
}

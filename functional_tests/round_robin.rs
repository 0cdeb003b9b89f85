//! `SMSP_ROUTING=round_robin`: equals take turns, and a mail with a key has its upstream, whichever node it comes to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Answer, Behaviour, Proxy, Reply, Settings, StubProvider, mails};

/// Three equals.
async fn three() -> [StubProvider; 3] {
    [StubProvider::sendgrid().await, StubProvider::sendgrid().await, StubProvider::sendgrid().await]
}

async fn node([a, b, c]: &[StubProvider; 3]) -> Proxy {
    let accounts = Settings::accounts(&[("a", &a.url()), ("b", &b.url()), ("c", &c.url())]);
    // One answer is held, so that of thirty keys each is sent anew.
    let accounts = accounts.patient_circuits().with("SMSP_HELD_ANSWERS", "1");
    Proxy::start(accounts.with("SMSP_ROUTING", "round_robin")).await
}

fn taker(receipt: &Answer) -> String {
    receipt.json["provider"].as_str().unwrap_or_default().to_owned()
}

/// Who takes so many mails, in order.
async fn takers(proxy: &Proxy, count: usize) -> String {
    let mut takers = String::new();
    for _ in 0..count {
        takers += &taker(&proxy.client.send(&mails::plain()).await.expect(200));
    }
    takers
}

/// Who takes the mail under each of thirty keys.
async fn takers_of_keys(proxy: &Proxy) -> Vec<String> {
    let mut takers = Vec::new();
    for number in 0..30 {
        let key = format!("key-{number}");
        takers.push(taker(&proxy.client.send_with(&mails::plain(), &[("Idempotency-Key", &key)]).await.expect(200)));
    }
    takers
}

#[tokio::test]
async fn round_robin_alternates_between_closed_circuits() {
    let providers = three().await;
    let proxy = node(&providers).await;
    let takers = takers(&proxy, 9).await;
    assert!("abcabcabcabc".contains(&takers), "{takers}");
    assert!(providers.iter().all(|provider| provider.mails().len() == 3));
}

#[tokio::test]
async fn round_robin_skips_an_open_circuit_until_it_closes() {
    let providers = three().await;
    let proxy = node(&providers).await;
    proxy.client.order("b", &json!({"override": "open"})).await.expect(200);
    let without = takers(&proxy, 6).await;
    assert!("acacaca".contains(&without), "{without}");
    assert_eq!(providers[1].connections(), 0);
    proxy.client.order("b", &json!({"override": "auto"})).await.expect(200);
    let with = takers(&proxy, 6).await;
    assert!("abcabcab".contains(&with), "{with}");
}

#[tokio::test]
async fn round_robin_fails_over_to_the_next_upstream() {
    let providers = three().await;
    providers[2].answers(418, "teapot");
    let proxy = node(&providers).await;
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        seen.insert(proxy.client.send(&mails::plain()).await.expect(200).attempts());
    }
    let expected = [&["a:accepted"][..], &["b:accepted"], &["c:unclassified", "a:accepted"]];
    let expected = expected.map(|attempts| attempts.iter().map(|attempt| (*attempt).to_owned()).collect::<Vec<_>>());
    assert_eq!(seen, BTreeSet::from(expected));
}

#[tokio::test]
async fn the_same_key_goes_to_the_same_upstream_on_every_node_whatever_else_they_have_sent() {
    let providers = three().await;
    let (one, other) = (node(&providers).await, node(&providers).await);
    takers(&one, 2).await;
    let expected = takers_of_keys(&one).await;
    assert_eq!(takers_of_keys(&one).await, expected, "again");
    assert_eq!(takers_of_keys(&other).await, expected, "on another node");
    for upstream in ["a", "b", "c"] {
        let share = expected.iter().filter(|taker| *taker == upstream).count();
        assert!((3..=20).contains(&share), "{upstream} has {share} of 30: {expected:?}");
    }
}

#[tokio::test]
async fn idempotency_key_leaves_its_upstream_only_while_its_circuit_is_open() {
    let providers = three().await;
    let (one, other) = (node(&providers).await, node(&providers).await);
    let before = takers_of_keys(&one).await;
    for node in [&one, &other] {
        node.client.order("b", &json!({"override": "open"})).await.expect(200);
    }
    let during = takers_of_keys(&one).await;
    assert_eq!(takers_of_keys(&other).await, during, "the same way round on every node");
    for (before, during) in before.iter().zip(&during) {
        assert!(during != "b" && (during == before || before == "b"), "{before} became {during}");
    }
    one.client.order("b", &json!({"override": "auto"})).await.expect(200);
    assert_eq!(takers_of_keys(&one).await, before);
}

#[tokio::test]
async fn priority_routing_always_starts_with_the_first_upstream() {
    let [a, b, _] = three().await;
    let proxy = Proxy::start(Settings::accounts(&[("a", &a.url()), ("b", &b.url())])).await;
    assert_eq!(takers(&proxy, 3).await, "aaa");
    assert!(takers_of_keys(&proxy).await.iter().all(|taker| taker == "a"));
    assert_eq!(b.connections(), 0);
}

#[tokio::test]
async fn a_repeat_after_an_unknown_asks_the_same_upstream_again() {
    let providers = three().await;
    let (one, other) = (node(&providers).await, node(&providers).await);
    providers.iter().for_each(|provider| provider.does(Behaviour::Close));
    let key = [("Idempotency-Key", "order-4711")];
    let lost = one.client.send_with(&mails::plain(), &key).await.expect_problem(504, "unknown", false);
    providers.iter().for_each(|provider| provider.does(Reply::sendgrid_accepts().into()));
    let taken = other.client.send_with(&mails::plain(), &key).await.expect(200);
    assert_eq!(lost.at("/attempts/0/provider"), taken.at("/provider"), "{lost}\n{taken}");
    let ids: Vec<Value> = providers.iter().flat_map(StubProvider::mails).map(|mail| smsp_id(&mail.json())).collect();
    assert_eq!(ids, [taken.json["id"].clone(), lost.json["id"].clone()], "one id, at one provider");
}

fn smsp_id(mail: &Value) -> Value {
    mail["personalizations"][0]["custom_args"]["smsp_id"].clone()
}

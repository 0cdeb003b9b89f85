//! What an operator orders: a circuit that is forced open drains, one that is forced closed takes mail whatever it has
//! learnt, and a reset is a clean slate.

use serde_json::json;

use crate::harness::wait::when;
use crate::harness::{Behaviour, Gate, Proxy, Reply, StubProvider, eventually, mails};

/// Mailgun, which works again, behind a circuit that is open for a minute; SendGrid works.
async fn opened(mailgun: &StubProvider, sendgrid: &StubProvider) -> Proxy {
    let proxy = Proxy::before_both(mailgun, sendgrid).await;
    mailgun.does(Behaviour::Close);
    proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    mailgun.does(Reply::mailgun_accepts().into());
    assert_eq!(proxy.client.state("mg").await, "open");
    proxy
}

async fn goes_to(proxy: &Proxy, attempt: &str) {
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&[attempt]);
}

#[tokio::test]
async fn a_circuit_that_is_forced_open_takes_no_real_mail_until_the_order_is_taken_back() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
    let shown = proxy.client.order("mg", &json!({"override": "open"})).await.expect(200);
    assert_eq!((shown.at("/override"), shown.at("/state")), (&json!("open"), &json!("closed")), "{shown}");
    goes_to(&proxy, "sg:accepted").await;
    assert_eq!(mailgun.connections(), 0, "neither mail nor probe: its state is closed");
    proxy.client.order("mg", &json!({"override": "auto"})).await.expect(200);
    goes_to(&proxy, "mg:accepted").await;
}

#[tokio::test]
async fn a_mail_that_is_under_way_when_its_circuit_is_forced_open_arrives() {
    let (mailgun, gate) = (StubProvider::mailgun().await, Gate::shut());
    mailgun.does(Behaviour::AnswerBehind(gate.clone(), Reply::mailgun_accepts()));
    let proxy = Proxy::before(&mailgun).await;
    let client = proxy.client.clone();
    let sent = tokio::spawn(async move { client.send(&mails::plain()).await });
    mailgun.receives_mails(1).await;
    proxy.client.order("mg", &json!({"override": "open"})).await.expect(200);
    proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    gate.open();
    sent.await.expect("a send does not panic").expect(200).expect_attempts(&["mg:accepted"]);
    mailgun.only_mail();
}

#[tokio::test]
async fn a_circuit_that_is_forced_closed_takes_mail_while_its_state_is_open() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = opened(&mailgun, &sendgrid).await;
    let shown = proxy.client.order("mg", &json!({"override": "closed"})).await.expect(200);
    assert_eq!((shown.at("/override"), shown.at("/state")), (&json!("closed"), &json!("open")), "{shown}");
    goes_to(&proxy, "mg:accepted").await;
    assert_eq!(proxy.client.state("mg").await, "open", "real mail closes nothing");
    proxy.client.order("mg", &json!({"override": "auto"})).await.expect(200);
    goes_to(&proxy, "sg:accepted").await;
}

#[tokio::test]
async fn reset_closes_at_once_clears_the_trips_and_keeps_the_override() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = opened(&mailgun, &sendgrid).await;
    assert_eq!(proxy.client.circuit("mg").await["trips"], 1);
    let shown = proxy.client.order("mg", &json!({"reset": true})).await.expect(200);
    for (field, value) in
        [("state", json!("closed")), ("reason", json!("reset")), ("trips", json!(0)), ("ramp", json!(1.0))]
    {
        assert_eq!(shown.json[field], value, "{field} in {shown}");
    }
    goes_to(&proxy, "mg:accepted").await;
    proxy.client.order("mg", &json!({"override": "open"})).await.expect(200);
    let shown = proxy.client.order("mg", &json!({"reset": true})).await.expect(200);
    assert_eq!(shown.at("/override"), "open", "{shown}");
    goes_to(&proxy, "sg:accepted").await;
}

#[tokio::test]
async fn an_override_for_a_time_ends_by_itself() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
    let shown = proxy.client.order("mg", &json!({"override": "open", "for": "1s"})).await.expect(200);
    let left = shown.at("/override_ends_in_ms").as_u64().unwrap_or_default();
    assert!((1..=1000).contains(&left), "{shown}");
    eventually("the override has ended", async || {
        let circuit = proxy.client.circuit("mg").await;
        when(circuit["override"] == "auto" && circuit["override_ends_in_ms"].is_null(), || circuit.to_string())
    })
    .await;
    goes_to(&proxy, "mg:accepted").await;
}

#[tokio::test]
async fn a_later_order_replaces_the_end_of_an_override() {
    let proxy = Proxy::before(&StubProvider::mailgun().await).await;
    let ends = async |order: serde_json::Value| {
        let shown = proxy.client.order("mg", &order).await.expect(200);
        let metrics = proxy.client.metrics().await;
        let gauge = metrics.gauge("smsp_circuit_override_ends_seconds", &[("upstream", "mg")]);
        (shown.at("/override").clone(), shown.at("/override_ends_in_ms").as_u64().unwrap_or(0) / 1_800_000, gauge > 0.0)
    };
    assert_eq!(ends(json!({"override": "open", "for": "1h"})).await, (json!("open"), 1, true));
    assert_eq!(ends(json!({"reset": true})).await, (json!("open"), 1, true), "a reset leaves the end too");
    assert_eq!(ends(json!({"override": "closed", "for": "2h"})).await, (json!("closed"), 3, true));
    assert_eq!(ends(json!({"override": "closed"})).await, (json!("closed"), 0, false));
    assert_eq!(ends(json!({"override": "open", "for": "1h"})).await, (json!("open"), 1, true));
    assert_eq!(ends(json!({"override": "auto"})).await, (json!("auto"), 0, false));
}

#[tokio::test]
async fn unknown_override_is_refused_and_changes_nothing() {
    let mailgun = StubProvider::mailgun().await;
    let proxy = Proxy::before(&mailgun).await;
    for order in [
        json!({}),
        json!({"override": "ajar"}),
        json!({"override": "Open"}),
        json!({"override": 1}),
        json!({"override": null}),
        json!({"reset": false}),
        json!({"override": "open", "reset": true}),
        json!({"override": "open", "reset": false}),
        json!({"override": "open", "for": "1 hour"}),
        json!({"override": "open", "for": "0s"}),
        json!({"override": "open", "for": "721h"}),
        json!({"override": "open", "for": 60}),
        json!({"override": "auto", "for": "1h"}),
        json!({"reset": true, "for": "1h"}),
        json!({"for": "1h"}),
        json!(["open"]),
        json!(["open", "2h", null]),
        json!(["open", null, null]),
        json!({"override": "open", "for": null}),
    ] {
        let answer = proxy.client.order("mg", &order).await.expect(422);
        assert!(answer.at("/detail").as_str().is_some_and(|detail| !detail.is_empty()), "{order} {answer}");
    }
    let answer = proxy.client.order_raw("mg", "text/plain", r#"{"override":"open"}"#).await;
    assert_eq!(answer.status, 415, "{answer}");
    proxy.client.order_raw("mg", "application/json", "{").await.expect(400);
    proxy.client.order("nobody", &json!({"override": "open"})).await.expect(404);
    for (path, status) in [("mg?for=1s", 400), ("mg?", 200), ("%ff", 404)] {
        let answer = proxy.client.order(path, &json!({"override": "auto"})).await.expect(status);
        assert!(status == 200 || answer.at("/request_id").is_string(), "{path} {answer}");
    }
    let circuit = proxy.client.circuit("mg").await;
    assert_eq!((&circuit["override"], &circuit["generation"]), (&json!("auto"), &json!(0)), "{circuit}");
}

#[tokio::test]
async fn overrides_are_accepted_by_the_admin_listener_only() {
    let proxy = Proxy::before(&StubProvider::mailgun().await).await;
    proxy.client.call(reqwest::Method::PUT, "/circuits/mg").await.expect(404);
}

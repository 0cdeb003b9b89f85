//! `GET /circuits` and the metrics show where the mail of the last minute went, what is in flight, and what a rate allows.

use serde_json::{Value, json};

use crate::harness::metrics::Metrics;
use crate::harness::wait::when;
use crate::harness::{Behaviour, Gate, Proxy, Reply, Settings, StubProvider, eventually, mails};

/// Two accounts, `a` of weight 3 before `b` of weight 1.
async fn weighted([a, b]: &[StubProvider; 2]) -> Proxy {
    let settings = Settings::accounts(&[("a", &a.url()), ("b", &b.url())]);
    Proxy::start(settings.with("SMSP_ROUTING", "weighted").with("SMSP_A_WEIGHT", "3")).await
}

async fn two() -> [StubProvider; 2] {
    [StubProvider::sendgrid().await, StubProvider::sendgrid().await]
}

/// What both pages say of an upstream: of its circuit the fields, of the metrics the gauges.
async fn shown(proxy: &Proxy, upstream: &str) -> (Value, Metrics) {
    (proxy.client.circuit(upstream).await, proxy.client.metrics().await)
}

fn gauge(metrics: &Metrics, name: &str, upstream: &str) -> Value {
    json!(metrics.gauge(&format!("smsp_upstream_{name}"), &[("upstream", upstream)]))
}

#[tokio::test]
async fn weights_of_3_and_1_show_as_shares_of_what_the_providers_got() {
    const MAILS: usize = 400;
    let providers = two().await;
    let proxy = weighted(&providers).await;
    for (name, position, weight) in [("a", 1, 3), ("b", 2, 1)] {
        let (circuit, metrics) = shown(&proxy, name).await;
        assert_eq!(circuit["share_last_minute"], Value::Null, "no mail yet: {circuit}");
        assert_eq!(gauge(&metrics, "share", name), json!(0.0), "no mail yet");
        let fields = (&circuit["position"], &circuit["weight"]);
        assert_eq!(fields, (&json!(position), &json!(weight)), "{circuit}");
        let gauges = [gauge(&metrics, "position", name), gauge(&metrics, "weight", name)];
        assert_eq!(gauges, [json!(f64::from(position)), json!(f64::from(weight))], "{}", metrics.page);
    }
    for _ in 0..MAILS / 8 {
        let sends = [(); 8].map(|()| {
            let client = proxy.client.clone();
            tokio::spawn(async move { client.send(&mails::plain()).await })
        });
        for send in sends {
            send.await.expect("a send does not panic").expect(200);
        }
    }
    for (name, provider) in ["a", "b"].iter().zip(&providers) {
        let (circuit, metrics) = shown(&proxy, name).await;
        let got = provider.mails().len() as f64 / MAILS as f64;
        assert_eq!(circuit["share_last_minute"], json!(got), "{circuit}");
        assert_eq!(gauge(&metrics, "share", name), json!(got), "{}", metrics.page);
    }
    // Four standard deviations and more of 400 draws.
    let share = providers[0].mails().len() as f64 / MAILS as f64;
    assert!((0.65..0.85).contains(&share), "{share} of the mail came to a, whose weight is three quarters");
}

#[tokio::test]
async fn mail_in_flight_shows_until_its_provider_answers() {
    let (providers, gate) = (two().await, Gate::shut());
    providers[0].does(Behaviour::AnswerBehind(gate.clone(), Reply::sendgrid_accepts()));
    let settings = Settings::accounts(&[("a", &providers[0].url()), ("b", &providers[1].url())]);
    let proxy = Proxy::start(settings).await;
    let sends = [(); 3].map(|()| {
        let client = proxy.client.clone();
        tokio::spawn(async move { client.send(&mails::plain()).await })
    });
    providers[0].receives_mails(3).await;
    for (name, in_flight, share) in [("a", 3, 1.0), ("b", 0, 0.0)] {
        let (circuit, metrics) = shown(&proxy, name).await;
        assert_eq!(
            (&circuit["in_flight"], gauge(&metrics, "in_flight", name)),
            (&json!(in_flight), json!(f64::from(in_flight)))
        );
        assert_eq!(circuit["share_last_minute"], json!(share), "a mail in flight was handed over: {circuit}");
    }
    gate.open();
    for send in sends {
        send.await.expect("a send does not panic").expect(200);
    }
    eventually("nothing is in flight", async || {
        let (circuit, metrics) = shown(&proxy, "a").await;
        let in_flight = (circuit["in_flight"].clone(), gauge(&metrics, "in_flight", "a"));
        when(in_flight == (json!(0), json!(0.0)), || format!("{in_flight:?}"))
    })
    .await;
}

#[tokio::test]
async fn tokens_show_until_they_are_used_up_and_only_where_there_is_a_rate() {
    let providers = two().await;
    let settings = Settings::accounts(&[("a", &providers[0].url()), ("b", &providers[1].url())]);
    let proxy = Proxy::start(settings.with("SMSP_A_RATE", "1/h")).await;
    for left in [1, 0] {
        let (circuit, metrics) = shown(&proxy, "a").await;
        assert_eq!(circuit["tokens_left"], json!(left), "{circuit}");
        assert_eq!(gauge(&metrics, "tokens_left", "a"), json!(f64::from(left)), "{}", metrics.page);
        proxy.client.send(&mails::plain()).await.expect(200);
    }
    let (circuit, metrics) = shown(&proxy, "b").await;
    assert_eq!(circuit["tokens_left"], Value::Null, "{circuit}");
    assert!(!metrics.has("smsp_upstream_tokens_left", &[("upstream", "b")]), "{}", metrics.page);
}

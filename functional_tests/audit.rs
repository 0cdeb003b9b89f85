//! The audit log: every order with who, what, before, after, from where and when, the newest first.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::admin::{call, get, order};
use crate::harness::wait::when;
use crate::harness::{Proxy, Settings, eventually};

const ADA: [(&str, &str); 1] = [("x-admin-key", "ada-key")];
const WALL: [(&str, &str); 1] = [("x-admin-key", "wall-key")];

async fn with_keys() -> Proxy {
    Proxy::start(Settings::mock().with("SMSP_ADMIN_KEYS", "ada:operator:ada-key,wall:viewer:wall-key")).await
}

async fn records(proxy: &Proxy) -> Vec<Value> {
    let audit = get(proxy.ops, "/audit", &WALL).await.expect(200);
    audit.at("/records").as_array().cloned().unwrap_or_else(|| panic!("{audit}"))
}

#[tokio::test]
async fn every_order_is_audited_and_logged_with_who_what_before_after_and_from_where() {
    let proxy = with_keys().await;
    for body in [json!({"override": "open", "for": "2h"}), json!({"override": "closed"}), json!({"reset": true})] {
        order(proxy.ops, &ADA, &body).await.expect(200);
    }
    let records = records(&proxy).await;
    let orders: Vec<_> = records.iter().map(|record| &record["order"]).collect();
    let newest_first =
        [json!({"reset": true}), json!({"override": "closed"}), json!({"override": "open", "for": "2h"})];
    assert_eq!(orders, newest_first.iter().collect::<Vec<_>>(), "{records:#?}");
    for (record, before, after) in
        [(&records[0], "closed", "closed"), (&records[1], "open", "closed"), (&records[2], "auto", "open")]
    {
        assert_eq!((&record["who"], &record["upstream"]), (&json!("ada"), &json!("mock")), "{record}");
        assert_eq!((&record["before"]["override"], &record["after"]["override"]), (&json!(before), &json!(after)));
        assert_eq!(record["after"]["state"], "closed", "{record}");
        assert!(record["from"].as_str().is_some_and(|from| from.starts_with("127.0.0.1:")), "{record}");
        let at = record["at"].as_str().unwrap_or_default();
        assert!(at.len() == "2026-11-26T08:10:49.123Z".len() && at.ends_with('Z'), "{record}");
    }
    let ends = |status: &Value| status["override_ends_in_ms"].as_u64();
    assert!(ends(&records[2]["after"]).is_some_and(|millis| millis > 7_000_000), "{}", records[2]);
    assert_eq!((ends(&records[1]["before"]).is_some(), ends(&records[1]["after"])), (true, None), "{}", records[1]);
    eventually("the log has the orders", async || {
        let logs = proxy.logs();
        let orders = logs.iter().filter(|event| event["message"] == "order carried out");
        let by_ada = orders.filter(|event| {
            event["who"] == "ada" && event["from"].as_str().is_some_and(|from| from.starts_with("127.0.0.1:"))
        });
        when(by_ada.count() == 3, || format!("{logs:#?}"))
    })
    .await;
}

#[tokio::test]
async fn an_end_by_itself_is_audited_as_the_timers() {
    let proxy = with_keys().await;
    order(proxy.ops, &ADA, &json!({"override": "open", "for": "100ms"})).await.expect(200);
    let ended = eventually("the override has ended", async || {
        let records = records(&proxy).await;
        if records.len() == 2 { Ok(records[0].clone()) } else { Err(format!("{records:#?}")) }
    })
    .await;
    assert_eq!((&ended["who"], &ended["from"]), (&json!("timer"), &Value::Null), "{ended}");
    assert_eq!(
        (&ended["before"]["override"], &ended["after"]["override"]),
        (&json!("open"), &json!("auto")),
        "{ended}"
    );
}

#[tokio::test]
async fn what_is_refused_changes_nothing_and_is_not_audited() {
    let proxy = with_keys().await;
    let open = json!({"override": "open"});
    order(proxy.ops, &[], &open).await.expect(401);
    order(proxy.ops, &WALL, &open).await.expect(403);
    order(proxy.ops, &ADA, &json!({"override": "ajar"})).await.expect(422);
    for path in ["/circuits/unknown", "/circuits/%ff"] {
        let answer = call(proxy.ops, Method::PUT, path, &ADA, Some(&open)).await.expect(404);
        assert_eq!(answer.at("/type"), "urn:smsp:problem:not-found", "{answer}");
    }
    assert_eq!(records(&proxy).await, [] as [Value; 0]);
}

#[tokio::test]
async fn the_newest_thousand_are_kept() {
    let proxy = Proxy::start(Settings::mock()).await;
    for number in 0..1003 {
        let time = format!("{}m", number + 1);
        proxy.client.order("mock", &json!({"override": "open", "for": time})).await.expect(200);
    }
    let audit = get(proxy.ops, "/audit", &[]).await.expect(200);
    let records = audit.at("/records").as_array().cloned().unwrap_or_default();
    let time = |record: &Value| record["order"]["for"].as_str().unwrap_or_default().to_owned();
    assert_eq!((records.len(), time(&records[0]), time(&records[999])), (1000, "1003m".into(), "4m".into()));
    assert_eq!(records[0]["who"], "loopback", "{}", records[0]);
}

//! `smsp_skipped_total` says why mail was not handed to an upstream. Senders and capabilities have tests of their own.

use std::time::Duration;

use serde_json::json;

use crate::harness::repository::{read, root};
use crate::harness::{Behaviour, Gate, Reply, TwoAccounts, eventually, mails};

const REASONS: [&str; 7] =
    ["circuit", "not_capable", "sender_not_allowed", "sender_held", "rate_spent", "busy", "deadline"];

/// The counts above 0 of one upstream, `reason:count`.
async fn skipped(environment: &TwoAccounts, upstream: &str) -> Vec<String> {
    let metrics = environment.proxy.client.metrics().await;
    let count = |reason| metrics.count("smsp_skipped_total", &[("upstream", upstream), ("reason", reason)]);
    let counts = REASONS.map(|reason| (reason, count(reason)));
    counts.iter().filter(|(_, count)| *count > 0).map(|(reason, count)| format!("{reason}:{count}")).collect()
}

#[tokio::test]
async fn every_reason_is_there_from_the_start_and_a_rule_is_none() {
    let environment = TwoAccounts::patient(&[("SMSP_ROUTES", "own: caller=caller -> b!")]).await;
    let metrics = environment.proxy.client.metrics().await;
    for reason in REASONS {
        let labels = [("upstream", "a"), ("reason", reason)];
        assert!(metrics.has("smsp_skipped_total", &labels), "{reason} is not in\n{}", metrics.page);
    }
    environment.proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["b:accepted"]);
    let metrics = environment.proxy.client.metrics().await;
    assert_eq!(metrics.count("smsp_skipped_total", &[]), 0, "{}", metrics.page);
    assert!(!metrics.has("smsp_skipped_total", &[("reason", "rule")]), "{}", metrics.page);
}

#[tokio::test]
async fn open_circuit_is_a_reason_once_for_each_mail() {
    let environment = TwoAccounts::patient(&[]).await;
    environment.proxy.client.order("a", &json!({"override": "open"})).await.expect(200);
    for _ in 0..3 {
        environment.proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["b:accepted"]);
    }
    assert_eq!(
        (skipped(&environment, "a").await, skipped(&environment, "b").await),
        (vec!["circuit:3".to_owned()], vec![])
    );
}

#[tokio::test]
async fn full_upstream_is_the_reason_busy() {
    let environment = TwoAccounts::patient(&[("SMSP_A_CONCURRENCY", "1")]).await;
    let gate = Gate::shut();
    environment.first.does(Behaviour::AnswerBehind(gate.clone(), Reply::sendgrid_accepts()));
    let client = environment.proxy.client.clone();
    let sent = tokio::spawn(async move { client.send(&mails::plain()).await });
    environment.first.receives_mails(1).await;
    environment.proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["a:throttled", "b:accepted"]);
    assert_eq!(
        (skipped(&environment, "a").await, skipped(&environment, "b").await),
        (vec!["busy:1".to_owned()], vec![])
    );
    gate.open();
    sent.await.expect("a send does not panic").expect(200);
}

#[tokio::test]
async fn used_up_rate_is_the_reason_rate_spent() {
    let environment = TwoAccounts::patient(&[("SMSP_A_RATE", "1/h")]).await;
    environment.proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["a:accepted"]);
    environment.proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["a:throttled", "b:accepted"]);
    assert_eq!(
        (skipped(&environment, "a").await, skipped(&environment, "b").await),
        (vec!["rate_spent:1".to_owned()], vec![])
    );
}

#[tokio::test]
async fn log_names_the_upstreams_that_a_mail_skipped_once_and_none_where_it_skipped_none() {
    let environment =
        TwoAccounts::patient(&[("SMSP_A_RATE", "1/h"), ("SMSP_ROUTES", "own: caller=caller -> a,b")]).await;
    let (client, logs) = (&environment.proxy.client, || environment.proxy.logs());
    client.send(&mails::plain()).await.expect(200).expect_attempts(&["a:accepted"]);
    let spilled = client.send(&mails::plain()).await.expect(200);
    client.order("b", &json!({"override": "open"})).await.expect(200);
    let refused = client.send(&mails::plain()).await.expect_problem(503, "none", true);
    let lines = async || {
        let lines = logs().into_iter().filter(|line| line["message"] == "upstreams skipped");
        let lines: Vec<_> =
            lines.map(|line| json!([line["level"], line["id"], line["rule"], line["skipped"]])).collect();
        if lines.len() < 2 { Err(format!("{:#?}", logs())) } else { Ok(lines) }
    };
    let lines = eventually("both lines are in the log", lines).await;
    let expected = [
        json!(["INFO", spilled.json["id"], "own", "a:rate_spent"]),
        json!(["INFO", refused.json["id"], "own", "a:rate_spent,b:circuit"]),
    ];
    assert_eq!(lines, expected, "{:#?}", logs());
    let document = read(&root().join("docs/reference/log.md"));
    for documented in ["| `upstreams skipped` | INFO |", "| `skipped` |"] {
        assert!(document.contains(documented), "docs/reference/log.md lacks {documented}");
    }
}

#[tokio::test]
async fn too_little_time_for_the_next_upstream_is_the_reason_deadline() {
    let settings = [("SMSP_REQUEST_DEADLINE", "2s"), ("SMSP_CONNECT_TIMEOUT", "500ms")];
    let environment = TwoAccounts::patient(&settings).await;
    let late = Behaviour::AnswerAfter(Duration::from_millis(1200), Reply::sendgrid_refuses(418, "teapot"));
    environment.first.does(late);
    let answer = environment.proxy.client.send(&mails::plain()).await.expect_problem(503, "none", true);
    assert_eq!(answer.attempts(), ["a:unlisted", "b:cancelled"], "{answer}");
    assert_eq!(
        (skipped(&environment, "a").await, skipped(&environment, "b").await),
        (vec![], vec!["deadline:1".to_owned()])
    );
}

//! Who may send: one key in one header. Every other call gets one and the same answer, whatever was wrong with it.

use serde_json::Value;

use crate::harness::{Answer, Target, mails};

/// The body without what differs from call to call.
fn body_but_for_the_request_id(answer: &Answer) -> String {
    let id = answer.json["request_id"].as_str().expect("a problem has a request id");
    answer.text.replace(id, "{request_id}")
}

#[tokio::test]
async fn a_missing_a_wrong_and_a_duplicate_key_get_the_same_answer() {
    let target = Target::shared().await;
    let key = target.client.key().to_owned();
    let (near, long) = (format!("{}X", &key[..key.len() - 1]), "k".repeat(4000));
    let bearer = format!("Bearer {key}");
    let calls: [&[(&str, &str)]; 9] = [
        &[],
        &[("x-api-key", "wrong")],
        &[("x-api-key", "")],
        &[("x-api-key", &near)],
        &[("x-api-key", &long)],
        &[("x-api-key", &key), ("x-api-key", &key)],
        &[("x-api-key", &key), ("x-api-key", "wrong")],
        &[("authorization", &bearer)],
        &[("x-api-key", "\u{fc}")],
    ];
    let mut bodies = Vec::new();
    for headers in calls {
        let answer = target.client.post_bare("/email", &mails::plain(), headers).await;
        bodies.push(body_but_for_the_request_id(&answer.expect_problem(401, "none", false)));
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
}

#[tokio::test]
async fn a_key_in_the_query_is_not_read() {
    let target = Target::shared().await;
    for name in ["X-API-KEY", "x-api-key", "api_key", "key"] {
        let path = format!("/email?{name}={}", target.client.key());
        target.client.post_bare(&path, &mails::plain(), &[]).await.expect_problem(401, "none", false);
    }
}

#[tokio::test]
async fn caller_without_a_key_does_not_learn_what_is_wrong_with_the_mail() {
    let target = Target::shared().await;
    let answer = target.client.post_bare("/email", &Value::Null, &[]).await.expect_problem(401, "none", false);
    assert!(answer.fields().is_empty(), "{answer}");
}

#[tokio::test]
async fn the_health_check_needs_no_key() {
    let target = Target::shared().await;
    target.client.healthcheck().await.expect(200);
}

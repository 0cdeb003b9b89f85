//! The line `request` of an answer that is a problem: which one, and which fields were wrong.

use reqwest::Method;

use super::*;
use crate::harness::raw::{Raw, head};
use crate::harness::{Answer, admin};

/// The line `request` of this answer.
async fn line_of(proxy: &Proxy, answer: &Answer) -> Value {
    let id = answer.header("x-request-id").expect("each answer has an id").to_owned();
    eventually("the request is in the log", async || {
        let logs = proxy.logs();
        let line = logs.iter().find(|event| event["message"] == "request" && event["request_id"] == *id);
        line.cloned().ok_or_else(|| format!("{logs:#?}"))
    })
    .await
}

/// What the answer says of itself, and the line says the same.
async fn expect_same(proxy: &Proxy, answer: Answer, status: u16, fields: Option<&str>) {
    let answer = answer.expect(status);
    let kind = answer.at("/type").as_str().and_then(|kind| kind.strip_prefix("urn:smsp:problem:"));
    let line = line_of(proxy, &answer).await;
    assert_eq!((line["problem"].as_str(), line["fields"].as_str()), (kind, fields), "{answer}: {line}");
    assert_eq!(line["status"], status, "{line}");
    assert!(kind.is_some(), "{answer}");
}

#[tokio::test]
async fn the_line_of_a_request_names_its_problem_and_the_fields_that_are_wrong() {
    let settings = Settings::mock().with("SMSP_MAX_BODY", "64KiB").with("SMSP_MAX_IN_FLIGHT_BYTES", "64KiB");
    let proxy = Proxy::start(settings).await;
    let (client, personal) = (&proxy.client, personal().to_string());
    let odd = json!({
        "from": "nobody", "to": ["a@example.org", "canary"], "metadata": {"canary@example.org": []}, "canary": 1,
        "attachments": [{"filename": "", "content_type": "a/b", "content": ""}],
        "headers": {"X-Canary\n": "a"},
    });
    let fields = "from,to[1],attachments[0].filename,headers.*,metadata.*,*";
    expect_same(&proxy, client.send(&odd).await, 422, Some(fields)).await;
    expect_same(&proxy, client.post_raw("{", &[]).await, 400, None).await;
    expect_same(&proxy, client.post_raw(personal.clone(), &[("x-api-key", "wrong")]).await, 401, None).await;
    expect_same(&proxy, client.post_raw("a".repeat(70_000), &[]).await, 413, None).await;
    let gzip = [("content-encoding", "gzip")];
    expect_same(&proxy, client.post_raw(personal.clone(), &gzip).await, 415, None).await;
    expect_same(&proxy, client.get("/canary").await, 404, None).await;
    expect_same(&proxy, client.get("/email").await, 405, None).await;
    let query = client.post_to("/email?canary=1&to=canary", personal.clone(), &[]).await;
    expect_same(&proxy, query, 400, Some("*,to")).await;
    let twice = [("x-api-key", client.key()), ("idempotency-key", "a"), ("idempotency-key", "canary")];
    let twice = client.post_bare("/email", &mails::plain(), &twice).await;
    expect_same(&proxy, twice, 400, Some("Idempotency-Key")).await;
    expect_same(&proxy, client.send(&mails::with_subject("fail")).await, 502, None).await;
    expect_same(&proxy, client.send(&mails::with_subject("panic")).await, 500, None).await;
    expect_same(&proxy, client.order("nobody", &json!({"override": "open"})).await, 404, None).await;
    expect_same(&proxy, client.order("mock", &json!({"override": "canary"})).await, 422, Some("override")).await;
    expect_same(&proxy, client.order("mock", &json!({"canary": 1})).await, 422, Some("*")).await;
    let mail = json!({"from": "nobody", "to": "a@example.org", "canary": 1});
    let explained = admin::call(proxy.ops, Method::POST, "/route?caller=caller", &[], Some(&mail)).await;
    expect_same(&proxy, explained, 422, Some("from,*")).await;
    let output = proxy.process.stdout().join("\n");
    assert!(!output.to_lowercase().contains(CANARY), "{output}");
}

#[tokio::test]
async fn request_that_is_answered_well_names_no_problem() {
    let proxy = Proxy::start(Settings::mock()).await;
    let answer = proxy.client.send(&mails::plain()).await.expect(200);
    let line = line_of(&proxy, &answer).await;
    assert_eq!((line.get("problem"), line.get("fields")), (None, None), "{line}");
}

#[tokio::test]
async fn request_that_is_refused_by_its_head_alone_names_its_problem() {
    let proxy = Proxy::start(Settings::mock().with("SMSP_MAX_CONNECTIONS", "1")).await;
    let _only = Raw::connect(proxy.api).await;
    eventually("a second connection is one too many", async || {
        let mut second = Raw::connect(proxy.api).await;
        second.write(&head(&["content-length: 0", "x-request-id: second"])).await;
        let answer = second.read_to_end().await;
        when(answer.contains("503 Service Unavailable"), || answer)
    })
    .await;
    eventually("the request is in the log", async || {
        let logs = proxy.logs();
        let is_it = |event: &&Value| event["request_id"] == "second" && event["problem"] == "overloaded";
        when(logs.iter().any(|event| is_it(&event) && event["path"] == "/email"), || format!("{logs:#?}"))
    })
    .await;
}

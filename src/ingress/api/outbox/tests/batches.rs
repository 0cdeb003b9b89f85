//! Several messages in one call.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::fixture::{Node, mail, with};
use crate::service::outbox::fake::Fault;
use crate::state::outbox::Full;

fn batch(mails: &[Value]) -> Value {
    json!({ "messages": mails })
}

fn mails(count: usize) -> Vec<Value> {
    (0..count).map(|number| with("subject", &json!(number.to_string()))).collect()
}

#[tokio::test]
async fn every_message_has_its_answer_in_its_place() {
    let node = Node::new();
    let answer = node.post("/outbox/batch", &batch(&[mail(), with("send_at", &json!("soon")), json!(5), mail()])).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    for (index, delivery) in ["queued", "none", "none", "queued"].into_iter().enumerate() {
        assert_eq!(answer.at(&format!("/results/{index}/index")), json!(index));
        assert_eq!(answer.text(&format!("/results/{index}/delivery")), delivery, "{answer:?}");
    }
    assert_eq!(answer.text("/results/1/problem/errors/0/field"), "messages[1].send_at");
    assert_eq!(answer.text("/results/2/problem/errors/0/field"), "messages[2].body");
    assert_eq!(answer.text("/results/0/mail/status"), "queued");
    assert_eq!(node.store.rows.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn an_atomic_batch_is_accepted_whole_or_answered_with_all_that_is_wrong() {
    let node = Node::new();
    let bad = |field| with(field, &json!("soon"));
    let answer = node.post("/outbox/batch?atomic=true", &batch(&[mail(), bad("send_at"), bad("expires_at")])).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
    let fields: Vec<_> =
        answer.at("/errors").as_array().expect("a list").iter().map(|error| error["field"].clone()).collect();
    assert_eq!(fields, [json!("messages[1].send_at"), json!("messages[2].expires_at")]);
    node.store.does(Some(Fault::Full(Full::Rows)));
    let full = node.post("/outbox/batch?atomic=true", &batch(&mails(2))).await;
    assert_eq!(
        (full.status, full.text("/type")),
        (StatusCode::SERVICE_UNAVAILABLE, "urn:smsp:problem:outbox-full".into())
    );
    assert!(full.header("retry-after").is_some());
    node.store.does(None);
    assert!(node.store.rows.lock().unwrap().is_empty());
    assert_eq!(node.post("/outbox/batch?atomic=true", &batch(&mails(2))).await.status, StatusCode::ACCEPTED);
    assert_eq!(node.store.rows.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_message_that_no_upstream_may_send_is_refused_in_its_place() {
    let node = Node::new();
    *node.store.refused_domain.lock().unwrap() = "nowhere.example";
    let batch = batch(&[mail(), with("from", &json!("a@nowhere.example"))]);
    let answer = node.post("/outbox/batch", &batch).await;
    let problem = |member: &str| answer.text(&format!("/results/1/problem/{member}"));
    let told = [problem("type"), problem("delivery"), problem("errors/0/field")];
    assert_eq!(told, ["urn:smsp:problem:sender-rejected", "none", "messages[1].from"], "{answer:?}");
    assert_eq!((answer.text("/results/0/delivery"), node.store.rows.lock().unwrap().len()), ("queued".into(), 1));
    let whole = node.post("/outbox/batch?atomic=true", &batch).await;
    let told = (whole.status, whole.text("/type"));
    assert_eq!(told, (StatusCode::UNPROCESSABLE_ENTITY, "urn:smsp:problem:sender-rejected".into()));
    assert_eq!(node.store.rows.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_without_room_has_the_time_to_wait_in_its_place() {
    let node = Node::new();
    node.store.does(Some(Fault::Full(Full::CallersRows)));
    let answer = node.post("/outbox/batch", &batch(&mails(2))).await;
    for index in 0..2 {
        let problem = answer.at(&format!("/results/{index}/problem"));
        assert_eq!((&problem["type"], &problem["retryable"]), (&json!("urn:smsp:problem:outbox-full"), &json!(true)));
        assert!(problem["retry_after_s"].as_u64().is_some_and(|seconds| (10..=60).contains(&seconds)), "{answer:?}");
    }
    let single = node.post("/outbox", &mail()).await;
    assert!(single.header("retry-after").is_some() && single.at("/retry_after_s").is_null(), "{single:?}");
}

#[tokio::test]
async fn a_message_for_which_there_is_never_room_is_too_large_and_not_retryable() {
    let node = Node::new();
    node.store.does(Some(Fault::Full(Full::CallersBytes)));
    let large = with("text", &json!("x".repeat(200_000)));
    let single = node.post("/outbox", &large).await;
    assert_eq!(
        (single.status, single.text("/type")),
        (StatusCode::PAYLOAD_TOO_LARGE, "urn:smsp:problem:too-large".into())
    );
    assert_eq!((single.text("/delivery"), single.at("/retryable")), ("none".into(), json!(false)));
    assert!(single.text("/detail").contains("100000 bytes") && single.header("retry-after").is_none(), "{single:?}");
    let answer = node.post("/outbox/batch", &batch(&[mail(), large])).await;
    assert_eq!(answer.text("/results/0/problem/type"), "urn:smsp:problem:outbox-full", "{answer:?}");
    assert_eq!(answer.text("/results/1/problem/type"), "urn:smsp:problem:too-large", "{answer:?}");
    assert!(answer.at("/results/1/problem/retry_after_s").is_null(), "{answer:?}");
}

#[tokio::test]
async fn a_message_that_may_have_been_accepted_before_is_unknown_where_the_store_cannot_be_asked() {
    let node = Node::new();
    node.store.does(Some(Fault::Down));
    let over = with("expires_at", &json!("2020-01-01T00:00:00Z"));
    let answer = node.keyed("/outbox/batch", "k", &batch(&[over])).await;
    let told = [answer.text("/results/0/delivery"), answer.text("/results/0/problem/delivery")];
    assert_eq!(told, ["unknown", "unknown"], "{answer:?}");
}

#[tokio::test]
async fn a_batch_under_a_key_is_repeated_without_a_second_mail() {
    let node = Node::new();
    node.store.does(Some(Fault::Unclear));
    let unclear = node.keyed("/outbox/batch", "k", &batch(&mails(3))).await;
    assert_eq!((unclear.status, unclear.text("/delivery")), (StatusCode::GATEWAY_TIMEOUT, "unknown".into()));
    node.store.does(None);
    let repeat = node.keyed("/outbox/batch", "k", &batch(&mails(3))).await;
    assert!((0..3).all(|index| repeat.at(&format!("/results/{index}/replayed")) == json!(true)), "{repeat:?}");
    assert_eq!(node.store.rows.lock().unwrap().len(), 3);
    let other = node.keyed("/outbox/batch", "k", &batch(&[mail()])).await;
    assert_eq!(other.text("/results/0/problem/errors/0/field"), "messages[0].Idempotency-Key");
    // The key of a single message is another one.
    assert_eq!(node.keyed("/outbox", "k", &mail()).await.header("idempotency-replayed"), None);
}

#[tokio::test]
async fn a_body_that_is_no_batch_names_its_field() {
    let node = Node::new();
    for (body, field) in [
        ("[]", "body"),
        ("\"canary\"", "body"),
        ("{}", "messages"),
        (r#"{"messages": null}"#, "messages"),
        (r#"{"messages": "canary"}"#, "messages"),
        (r#"{"messages": []}"#, "messages"),
        (r#"{"messages": [], "messages": []}"#, "messages"),
        (r#"{"mails": []}"#, "mails"),
        (&batch(&vec![json!({}); 101]).to_string(), "messages"),
    ] {
        let answer = node.call("POST", "/outbox/batch", &Node::KEY, body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {answer:?}");
        assert_eq!(answer.at("/errors/0/field"), json!(field), "{body}: {answer:?}");
        assert!(!answer.body.to_string().contains("canary"), "{answer:?}");
    }
    for (query, body, field) in [("?atomic=1", "{}", "atomic"), ("?all=true", "{}", "all")] {
        let answer = node.call("POST", &format!("/outbox/batch{query}"), &Node::KEY, body).await;
        assert_eq!((answer.status, answer.at("/errors/0/field")), (StatusCode::BAD_REQUEST, json!(field)));
    }
    let broken = node.call("POST", "/outbox/batch", &Node::KEY, r#"{"messages": [{]}"#).await;
    assert_eq!((broken.status, broken.text("/type")), (StatusCode::BAD_REQUEST, "urn:smsp:problem:malformed".into()));
}

#[tokio::test]
async fn a_batch_of_which_nothing_is_known_names_the_id_of_each_mail_that_may_be_there() {
    let node = Node::new();
    node.store.does(Some(Fault::Unclear));
    let bad = with("send_at", &json!("soon"));
    for (query, mails, places) in
        [("", vec![mail(), bad, mail()], vec![0, 2]), ("?atomic=true", vec![mail(), mail()], vec![0, 1])]
    {
        node.store.rows.lock().unwrap().clear();
        let answer = node.post(&format!("/outbox/batch{query}"), &json!({ "messages": mails })).await;
        assert_eq!((answer.status, answer.text("/delivery")), (StatusCode::GATEWAY_TIMEOUT, "unknown".into()));
        let rows = node.store.rows.lock().unwrap();
        let there = rows.iter().map(|row| row.status.ticket.id.to_string());
        let expected: Vec<_> = places.iter().zip(there).map(|(index, id)| json!({"index": index, "id": id})).collect();
        assert_eq!((answer.at("/mails"), expected.len()), (json!(expected), 2));
    }
    node.store.does(Some(Fault::Down));
    let down = node.post("/outbox/batch", &json!({"messages": [mail()]})).await;
    assert!(down.at("/mails").is_null() && down.at("/id").is_null(), "{down:?}");
}

#[tokio::test]
async fn a_batch_counts_as_so_many_calls() {
    let node = Node::new();
    let mails: Vec<_> = (0..6).map(|_| with("from", &json!("a@shop.example"))).collect();
    let send =
        async |count: usize| node.call("POST", "/outbox/batch", &Node::SHOP, &batch(&mails[..count]).to_string()).await;
    assert_eq!(send(3).await.status, StatusCode::ACCEPTED);
    let over = send(3).await;
    assert_eq!((over.status, over.header("retry-after").is_some()), (StatusCode::TOO_MANY_REQUESTS, true));
    // That call itself was one; one more is left.
    assert_eq!(send(1).await.status, StatusCode::ACCEPTED);
    assert_eq!(send(1).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(node.store.rows.lock().unwrap().len(), 4);
}

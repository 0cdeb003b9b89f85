//! Many mails in one call.

use super::*;

fn batch(mails: &[Value]) -> Value {
    json!({ "messages": mails })
}

on_both_stores! {
    each_mail_of_a_batch_has_its_answer_in_its_place,
    an_atomic_batch_is_accepted_whole_or_not_at_all,
    an_atomic_batch_that_does_not_fit_leaves_nothing,
    a_batch_that_is_empty_too_long_or_asked_for_wrongly_is_refused,
}

async fn each_mail_of_a_batch_has_its_answer_in_its_place(database: &Database) {
    let node = Node::start(database).await;
    let mails = [scheduled(), with("send_at", &json!("soon")), scheduled(), with("to", &json!("nobody"))];
    let answer = node.post("/outbox/batch", &batch(&mails)).await.expect(202);
    let results = answer.at("/results").as_array().cloned().unwrap_or_default();
    let indices: Vec<_> = results.iter().map(|result| result["index"].as_u64()).collect();
    assert_eq!(indices, [Some(0), Some(1), Some(2), Some(3)], "{answer}");
    for (place, field) in [(1, "messages[1].send_at"), (3, "messages[3].to")] {
        assert_eq!(results[place]["delivery"], "none", "{answer}");
        let named = results[place]["problem"]["errors"][0]["field"].as_str().unwrap_or_default();
        assert!(named.starts_with(field), "{named}: {answer}");
    }
    for place in [0, 2] {
        let id = results[place]["mail"]["id"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert_eq!(node.get(&format!("/outbox/{id}")).await.expect(200).at("/status"), "queued");
    }
    assert_eq!(node.counts().await, [("queued".to_owned(), 2)]);
}

async fn an_atomic_batch_is_accepted_whole_or_not_at_all(database: &Database) {
    let node = Node::start(database).await;
    let bad = [scheduled(), with("send_at", &json!("soon"))];
    let answer = node.post("/outbox/batch?atomic=true", &batch(&bad)).await.expect_problem(422, "none", false);
    assert_eq!(answer.at("/errors/0/field"), "messages[1].send_at", "{answer}");
    assert_eq!(node.counts().await, []);
    let good = [scheduled(), scheduled()];
    node.post("/outbox/batch?atomic=true", &batch(&good)).await.expect(202);
    assert_eq!(node.counts().await, [("queued".to_owned(), 2)]);
}

async fn an_atomic_batch_that_does_not_fit_leaves_nothing(database: &Database) {
    let node = Node::with(database, |settings| settings.with("SMSP_CALLER_APP_OUTBOX_ROWS", "2")).await;
    let three = [scheduled(), scheduled(), scheduled()];
    node.post("/outbox/batch?atomic=true", &batch(&three)).await.expect_problem(413, "none", false);
    assert_eq!(node.counts().await, []);
    node.accepts(&scheduled()).await;
    node.post("/outbox/batch?atomic=true", &batch(&three[..2])).await.expect_problem(503, "none", true);
    assert_eq!(node.counts().await, [("queued".to_owned(), 1)]);
    let answer = node.post("/outbox/batch", &batch(&three)).await.expect(202);
    assert_eq!(answer.at("/results/1/problem/type"), "urn:smsp:problem:outbox-full", "{answer}");
    assert_eq!(node.counts().await, [("queued".to_owned(), 2)]);
}

async fn a_batch_that_is_empty_too_long_or_asked_for_wrongly_is_refused(database: &Database) {
    let node = Node::start(database).await;
    for mails in [vec![], vec![scheduled(); 101]] {
        let answer = node.post("/outbox/batch", &batch(&mails)).await.expect_problem(422, "none", false);
        assert_eq!(answer.fields(), ["messages"], "{answer}");
    }
    node.post("/outbox/batch", &json!({})).await.expect_problem(422, "none", false);
    node.post("/outbox/batch?atomic=yes", &batch(&[scheduled()])).await.expect_problem(400, "none", false);
    node.post("/outbox/batch?all=true", &batch(&[scheduled()])).await.expect_problem(400, "none", false);
    assert_eq!(node.counts().await, []);
}

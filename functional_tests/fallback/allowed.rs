//! What is never queued: what a provider may have, or has refused as such, and what its call forbids.

use super::*;
use crate::harness::{Behaviour, Reply};

#[tokio::test]
async fn what_a_provider_may_have_or_has_refused_is_never_queued() {
    let database = Database::sqlite();
    let node = Node::start(&database).await;
    node.provider.comes_up();
    for (behaviour, status, delivery) in [
        (Behaviour::Close, 504, "unknown"),
        (Behaviour::Reset, 504, "unknown"),
        (Reply::sendgrid_refuses(400, "no").into(), 422, "none"),
        (Reply::sendgrid_refuses(401, "key").into(), 502, "none"),
        (Reply::sendgrid_refuses_the_sender().into(), 422, "none"),
    ] {
        node.provider.does(behaviour);
        let answer = node.send(&[]).await;
        assert_eq!((answer.status, answer.at("/delivery")), (status, &json!(delivery)), "{answer}");
        node.proxy.client.order("sg", &json!({"override": "closed"})).await.expect(200);
    }
    assert_eq!(at_rest(&node.proxy.client).await.all(), 0);
}

#[tokio::test]
async fn what_the_node_refuses_by_itself_is_never_queued() {
    let database = Database::sqlite();
    let node = Node::with(&database, |settings| settings.with("SMSP_CALLER_RATE", "1/h")).await;
    node.send(&[]).await.expect(202);
    let answer = node.send(&[]).await.expect_problem(429, "none", true);
    assert!(answer.retry_after() > 0, "{answer}");
    let metrics = node.proxy.client.metrics().await;
    assert_eq!(metrics.count("smsp_outbox_accepted_total", &[]), 1, "{}", metrics.page);
}

#[tokio::test]
async fn a_call_may_refuse_the_fallback_and_no_other_word_is_known() {
    let database = Database::sqlite();
    let node = Node::start(&database).await;
    node.send(&[("X-SMSP-Fallback", "never")]).await.expect_problem(502, "none", true);
    for wrong in ["always", "Never", "", "never, never"] {
        let answer = node.send(&[("X-SMSP-Fallback", wrong)]).await.expect_problem(400, "none", false);
        assert_eq!(answer.fields(), ["X-SMSP-Fallback"], "{answer}");
    }
    node.send(&[("X-SMSP-Fallback", "never"), ("X-SMSP-Fallback", "never")]).await.expect_problem(400, "none", false);
    assert_eq!(node.proxy.client.metrics().await.count("smsp_outbox_accepted_total", &[]), 0);
}

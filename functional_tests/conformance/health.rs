//! What load balancers and people who trace a request see: the health check, and one request id throughout.

use crate::harness::{Answer, Target, mails};

fn request_id(answer: &Answer) -> String {
    answer.header("x-request-id").unwrap_or_else(|| panic!("no X-Request-Id in {answer}")).to_owned()
}

#[tokio::test]
async fn a_serving_server_is_healthy() {
    let target = Target::shared().await;
    target.client.healthcheck().await.expect(200);
}

#[tokio::test]
async fn a_sane_request_id_is_echoed() {
    let target = Target::shared().await;
    for id in ["conformance-echo-1", "0190c3f2-7e5a-7cc1-a0b1-5d6f0e1c2b3a", "a.b_c-1"] {
        let headers = [("x-request-id", id)];
        let sent = target.client.post_raw(mails::plain().to_string(), &headers).await.expect(200);
        assert_eq!(request_id(&sent), id, "{sent}");
        let refused = target.client.post_raw("not json", &headers).await.expect_problem(400, "none", false);
        assert_eq!(refused.json["request_id"], id, "{refused}");
    }
}

#[tokio::test]
async fn a_missing_request_id_is_made() {
    let target = Target::shared().await;
    let first = request_id(&target.client.send(&mails::plain()).await);
    let second = request_id(&target.client.send(&mails::plain()).await);
    assert!(!first.is_empty() && first != second, "{first} {second}");
}

#[tokio::test]
async fn an_insane_request_id_is_replaced() {
    let target = Target::shared().await;
    let long = "a".repeat(300);
    for id in [&*long, "a b", "a\"b", "<script>", "a\tb", "ü", ""] {
        let answer = target.client.post_raw(mails::plain().to_string(), &[("x-request-id", id)]).await.expect(200);
        let made = request_id(&answer);
        assert!(made != id && !made.is_empty() && made.len() <= 128, "{id:?} became {made:?}");
    }
}

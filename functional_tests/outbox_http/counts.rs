//! The metrics and the rows agree.

use super::*;

on_both_stores! { what_was_accepted_has_ended_or_waits_in_metrics_and_rows_alike }

async fn what_was_accepted_has_ended_or_waits_in_metrics_and_rows_alike(database: &Database) {
    let node = Node::start(database).await;
    let sent = node.accepts(&mails::plain()).await;
    node.until(&sent, "accepted").await;
    let [cancelled, erased, _waits] =
        [node.accepts(&scheduled()).await, node.accepts(&scheduled()).await, node.accepts(&scheduled()).await];
    node.call(Method::DELETE, &cancelled, None).await.expect(200);
    node.call(Method::DELETE, &format!("{erased}?erase=true"), None).await.expect(200);
    node.call(Method::DELETE, &format!("{sent}?erase=true"), None).await.expect(200);
    node.post("/outbox", &with("send_at", &json!("soon"))).await.expect(422);
    let batch = json!({"messages": [scheduled(), with("priority", &json!("urgent"))]});
    node.post("/outbox/batch", &batch).await.expect(202);
    // An end is counted once it is in the store, where it is seen already.
    let metrics = eventually("the end is counted", async || {
        let metrics = node.proxy.client.metrics().await;
        let ended = metrics.count("smsp_outbox_ended_total", &[("outcome", "accepted")]);
        when(ended > 0, || metrics.page.clone()).map(|()| metrics)
    })
    .await;
    let counts = node.counts().await;
    let rows = |wanted: &[&str]| -> u64 {
        counts.iter().filter(|(status, _)| wanted.contains(&status.as_str())).map(|(_, count)| count).sum()
    };
    let ended = |outcome| metrics.count("smsp_outbox_ended_total", &[("outcome", outcome)]);
    let pending = rows(&["queued", "claimed", "sending", "unknown", "parked"]);
    assert_eq!((metrics.count("smsp_outbox_accepted_total", &[]), pending), (5, 2), "{counts:?}\n{}", metrics.page);
    for (outcome, count) in [("accepted", 1), ("refused", 0), ("expired", 0), ("cancelled", 2)] {
        assert_eq!((ended(outcome), rows(&[outcome])), (count, count), "{outcome}: {counts:?}\n{}", metrics.page);
    }
    assert_eq!(metrics.count("smsp_outbox_wait_seconds_count", &[]), 1, "{}", metrics.page);
    assert!(metrics.gauge("smsp_outbox_max_rows", &[]) > 0.0, "{}", metrics.page);
}

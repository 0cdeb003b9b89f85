//! Why a mail waits that no upstream may send.

use super::*;
use crate::harness::outbox::pause;

on_both_stores! { a_mail_that_no_upstream_may_send_any_more_says_why_it_waits }

async fn a_mail_that_no_upstream_may_send_any_more_says_why_it_waits(database: &Database) {
    let before = Node::start(database).await;
    pause(&before.proxy, true).await;
    let path = before.accepts(&mails::plain()).await;
    assert_eq!(before.get(&path).await.expect(200).at("/reason"), &Value::Null);
    before.proxy.terminate();
    before.proxy.exit(Duration::from_secs(30)).await;
    let rules = |settings: Settings| settings.with("SMSP_MG_FROM_DOMAINS", "shop.example");
    let node = Node::with(database, rules).await;
    pause(&node.proxy, false).await;
    let waits = eventually("it says why it waits", async || {
        let answer = node.get(&path).await.expect(200);
        when(answer.at("/reason") == "sender_not_allowed", || answer.to_string()).map(|()| answer)
    })
    .await;
    assert_eq!(waits.at("/status"), "queued", "{waits}");
    let attempt = waits.at("/attempts/0");
    assert_eq!((&attempt["upstream"], &attempt["outcome"]), (&json!("mg"), &json!("sender_rejected")), "{waits}");
    assert!(attempt.get("duration_ms").is_none(), "it was not handed over: {waits}");
    assert_eq!(node.mailgun.mails().len(), 0);
}

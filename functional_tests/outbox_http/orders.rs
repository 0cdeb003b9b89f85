//! What operators order of a mail that cannot be sent any more.

use super::*;
use crate::harness::{Behaviour, admin};

on_both_stores! {
    an_unknown_mail_whose_time_is_over_is_not_sent_again_and_can_be_settled,
    an_unknown_mail_that_was_erased_is_cancelled_once_nobody_has_it,
}

impl Node {
    /// A mail that the provider has read, and of which nothing is known since.
    async fn left_unknown(&self, mail: &Value) -> String {
        self.mailgun.does(Behaviour::Close);
        let path = self.accepts(mail).await;
        self.until(&path, "unknown").await;
        path
    }

    async fn order(&self, path: &str, order: Option<&Value>) -> Answer {
        admin::call(self.proxy.ops, Method::POST, path, &[], order).await
    }
}

async fn an_unknown_mail_whose_time_is_over_is_not_sent_again_and_can_be_settled(database: &Database) {
    let node = Node::start(database).await;
    let time = UnixTime::from(SystemTime::now()).after(Duration::from_secs(4));
    let path = node.left_unknown(&with("expires_at", &json!(time.to_string()))).await;
    eventually("its time is over", async || when(UnixTime::from(SystemTime::now()) > time, || time.to_string())).await;
    let retried = node.order(&format!("{path}/retry"), None).await.expect(409);
    assert_eq!(retried.at("/type"), "urn:smsp:problem:outbox-conflict", "{retried}");
    assert!(retried.text.contains("its expires_at has passed"), "{retried}");
    let settled = node.order(&format!("{path}/settle"), Some(&json!({"as": "none"}))).await.expect(200);
    assert_eq!(settled.at("/status"), "expired", "{settled}");
    let ended = node.get(&path).await.expect(200);
    assert_eq!((ended.at("/status"), ended.at("/delivery")), (&json!("expired"), &json!("none")), "{ended}");
    assert_eq!(node.mailgun.mails().len(), 1);
}

async fn an_unknown_mail_that_was_erased_is_cancelled_once_nobody_has_it(database: &Database) {
    let node = Node::start(database).await;
    let path = node.left_unknown(&mails::plain()).await;
    let erased = node.call(Method::DELETE, &format!("{path}?erase=true"), None).await.expect(200);
    assert_eq!(erased.at("/status"), "unknown", "{erased}");
    node.order(&format!("{path}/retry"), None).await.expect(409);
    let settled = node.order(&format!("{path}/settle"), Some(&json!({"as": "none"}))).await.expect(200);
    assert_eq!(settled.at("/status"), "cancelled", "{settled}");
    let ended = node.get(&path).await.expect(200);
    assert_eq!((ended.at("/status"), ended.at("/delivery")), (&json!("cancelled"), &json!("none")), "{ended}");
    assert_eq!(node.mailgun.mails().len(), 1);
}

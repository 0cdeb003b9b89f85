//! A node that ends: mail whose attempts it cuts short is queued.

use std::time::Duration;

use super::*;
use crate::harness::{Behaviour, Reply};

#[tokio::test]
async fn a_mail_whose_attempts_a_drain_cuts_short_is_queued() {
    let (first, second) = (StubProvider::sendgrid().await, StubProvider::sendgrid().await);
    let slow = Reply::sendgrid_refuses(418, "no");
    first.does(Behaviour::AnswerAfter(Duration::from_millis(4500), slow));
    let settings = Settings::accounts(&[("a", &first.url()), ("b", &second.url())]).patient_circuits();
    let settings = settings.with("SMSP_OUTBOX_FALLBACK", "true").with("SMSP_DRAIN_DEADLINE", "8s");
    let database = Database::sqlite();
    let proxy = Proxy::start(database.under(settings)).await;
    let mail = mails::plain();
    let (answer, ()) = tokio::join!(proxy.client.send(&mail), async {
        first.receives_mails(1).await;
        proxy.terminate();
    });
    let answer = answer.expect(202).expect_attempts(&["a:unlisted", "b:cancelled"]);
    assert_eq!((answer.at("/delivery"), second.mail_count()), (&json!("queued"), 0), "{answer}");
}

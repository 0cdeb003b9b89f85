//! `retryable` holds when the same call is made again: what is not retryable is refused again, what is may be accepted.

use crate::harness::{Proxy, Reply, Settings, StubProvider, mails};

#[tokio::test]
async fn sender_refused_by_every_provider_is_not_retryable_and_refused_again() {
    let sendgrid = StubProvider::sendgrid().await;
    sendgrid.does(Reply::sendgrid_refuses_the_sender().into());
    let proxy = Proxy::start(Settings::server().sendgrid(&sendgrid.url())).await;
    for _ in 0..2 {
        proxy.client.send(&mails::plain()).await.expect_problem(422, "none", false);
    }
}

#[tokio::test]
async fn sender_refused_by_one_provider_without_failover_is_retryable_and_accepted_elsewhere() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    sendgrid.does(Reply::sendgrid_refuses_the_sender().into());
    let proxy = Proxy::start(Settings::sendgrid_then_mailgun(&sendgrid.url(), &mailgun.url())).await;
    let never = [("X-SMSP-Failover", "never")];
    proxy.client.send_with(&mails::plain(), &never).await.expect_problem(502, "none", true);
    // SendGrid holds the sender, so it is skipped.
    proxy
        .client
        .send_with(&mails::plain(), &never)
        .await
        .expect(200)
        .expect_attempts(&["sg:sender_rejected", "mg:accepted"]);
}

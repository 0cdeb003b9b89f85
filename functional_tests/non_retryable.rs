//! What is called not retryable does not go through when it is tried again.

use crate::harness::{Proxy, Reply, Settings, StubProvider, mails};

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_not_taken_when_it_comes_again() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    sendgrid.does(Reply::sendgrid_refuses_the_sender().into());
    let proxy = Proxy::start(Settings::sendgrid_then_mailgun(&sendgrid.url(), &mailgun.url())).await;
    let never = [("X-SMSP-Failover", "never")];
    let first = proxy.client.send_with(&mails::plain(), &never).await;
    let second = proxy.client.send_with(&mails::plain(), &never).await;
    let for_good = first.status == 422 && first.json["retryable"] == false;
    assert!(!for_good || second.status != 200, "first {first}\nthen {second}");
}

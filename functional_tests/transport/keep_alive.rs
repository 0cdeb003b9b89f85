//! A connection that is used again may be gone: what was written on it may have been read, what was not goes on a new one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::harness::wait::when;
use crate::harness::{Behaviour, Conversation, Proxy, RawProvider, Reply, Settings, StubProvider, eventually, mails};

#[tokio::test]
async fn a_reused_connection_that_closes_without_an_answer_leaves_one_copy_and_an_unknown() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
    for behaviour in [Behaviour::Close, Behaviour::Reset] {
        mailgun.does(Reply::mailgun_accepts().into());
        proxy.client.order("mg", &json!({"reset": true})).await.expect(200);
        let before = (mailgun.mails().len(), mailgun.connections());
        proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
        mailgun.does(behaviour);
        let answer = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
        assert_eq!((answer.attempts(), answer.reasons()), (vec!["mg:unknown".to_owned()], vec!["connection_lost"]));
        assert_eq!((mailgun.mails().len(), mailgun.connections()), (before.0 + 2, before.1 + 1), "{answer}");
    }
    assert_eq!(sendgrid.connections(), 0);
}

/// Answers one request, ends its own side, and counts once the other side has seen that.
async fn answers_once(mut conversation: Conversation, ended: Arc<AtomicUsize>) {
    conversation.request().await;
    conversation.write("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").await;
    conversation.stream.shutdown().await.expect("one side can be ended");
    conversation.ends().await;
    ended.fetch_add(1, Ordering::SeqCst);
}

#[tokio::test]
async fn a_connection_that_the_provider_has_closed_is_not_used_again() {
    let ended = Arc::new(AtomicUsize::new(0));
    let count = ended.clone();
    let sendgrid = RawProvider::start(move |conversation| answers_once(conversation, count.clone())).await;
    let proxy = Proxy::start(Settings::server().sendgrid(&sendgrid.url())).await;
    for number in 1..=5 {
        proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
        let seen = async || when(ended.load(Ordering::SeqCst) == number, || sendgrid.received());
        eventually("the proxy sees that the connection has ended", seen).await;
        assert_eq!(sendgrid.received().matches("POST").count(), number, "one copy each");
    }
    assert_eq!(sendgrid.connections(), 5);
}

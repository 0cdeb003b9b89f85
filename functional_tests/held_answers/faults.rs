//! What a call says while PostgreSQL is away, cut off or slow: before the hand-over it is not sent, after it the caller hears
//! what became of the mail.

use std::time::Duration;

use tokio::time::Instant;

use super::{gated, look, replayed, send, sending, without_outbox};
use crate::harness::cutting_proxy::{Fault, Proxy as Line};
use crate::harness::outbox::Store;
use crate::harness::postmaster::Postmaster;
use crate::harness::wait::{eventually_within, when};
use crate::harness::{Client, Proxy, Settings, StubProvider, mails};

/// A database is away for as long as its deadlines take.
const REST: Duration = Duration::from_secs(90);

fn settings(url: &str, provider: &StubProvider) -> Settings {
    let settings = Settings::server().sendgrid(&provider.url()).patient_circuits();
    without_outbox(Store::at(url).under(settings))
}

/// Repeats a call until it is answered 200.
async fn is_accepted_at_last(client: &Client, key: &str) -> bool {
    eventually_within(REST, "a repeat is answered", async || {
        let answer = send(client, key).await;
        when(answer.status == 200, || answer.to_string()).map(|()| replayed(&answer))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyed_call_is_refused_before_it_is_sent_while_the_database_is_killed_and_other_mail_goes_on() {
    let (Some(server), provider) = (Postmaster::start(), StubProvider::sendgrid().await) else { return };
    let url = server.url(&server.database().await);
    let proxy = Proxy::start(settings(&url, &provider)).await;
    send(&proxy.client, "before").await.expect(200);
    server.kill();
    for key in ["before", "new"] {
        let answer = send(&proxy.client, key).await.expect_problem(503, "none", true);
        assert_eq!(answer.at("/type"), "urn:smsp:problem:store-unavailable");
        assert!((1..=5).contains(&answer.retry_after()), "{answer}");
    }
    proxy.client.send(&mails::plain()).await.expect(200);
    look(&proxy.client, "01a21648-c217-7484-8bb9-6404cd0bad53").await.expect_problem(503, "unknown", true);
    assert_eq!(provider.mail_count(), 2);
    server.restart();
    assert!(is_accepted_at_last(&proxy.client, "before").await, "it is held");
    assert!(!is_accepted_at_last(&proxy.client, "new").await);
    assert_eq!(provider.mail_count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_whose_database_is_killed_after_the_hand_over_says_what_became_of_it_and_the_database_hears_it_later() {
    let Some(server) = Postmaster::start() else { return };
    let (provider, gate) = gated().await;
    let url = server.url(&server.database().await);
    let nodes = [Proxy::start(settings(&url, &provider)).await, Proxy::start(settings(&url, &provider)).await];
    let call = sending(&nodes[0].client, "k");
    provider.receives_mails(1).await;
    server.kill();
    gate.open();
    assert!(!replayed(&call.await.expect("the call goes on").expect(200)));
    server.restart();
    for node in &nodes {
        assert!(is_accepted_at_last(&node.client, "k").await, "it is held");
    }
    provider.only_mail();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_is_lost_or_whose_answer_is_lost_sends_one_mail() {
    let (Some(server), provider) = (Postmaster::shared(), StubProvider::sendgrid().await) else { return };
    let line = Line::before(server).await;
    let proxy = Proxy::start(settings(&line.url("127.0.0.1", &server.database().await), &provider)).await;
    let cases = [
        (Fault::LoseCommit, "insert into smsp_answer"),
        (Fault::LoseAnswer, "insert into smsp_answer"),
        (Fault::LoseCommit, "update smsp_answer"),
        (Fault::LoseAnswer, "update smsp_answer"),
    ];
    for (mails, (fault, statement)) in (1..).zip(cases) {
        let key = format!("k{mails}");
        line.set_for(fault, statement);
        assert!(!replayed(&send(&proxy.client, &key).await.expect(200)));
        assert!(line.has(Fault::None), "{statement}: it has come to pass");
        assert!(is_accepted_at_last(&proxy.client, &key).await, "{statement}");
        assert_eq!(provider.mail_count(), mails, "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_line_costs_a_keyed_call_two_seconds_and_no_mail() {
    let (Some(server), provider) = (Postmaster::shared(), StubProvider::sendgrid().await) else { return };
    let line = Line::before(server).await;
    let proxy = Proxy::start(settings(&line.url("127.0.0.1", &server.database().await), &provider)).await;
    send(&proxy.client, "before").await.expect(200);
    line.set(Fault::Swallow);
    let start = Instant::now();
    send(&proxy.client, "k").await.expect_problem(503, "none", true);
    assert!(start.elapsed() >= Duration::from_secs(2), "it waits for the database");
    assert_eq!(provider.mail_count(), 1);
    line.set(Fault::None);
    assert!(!is_accepted_at_last(&proxy.client, "k").await, "nothing was sent under the key");
    assert_eq!(provider.mail_count(), 2);
}

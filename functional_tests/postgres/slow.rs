//! A database whose every statement takes seconds, and a foreign session that is idle in a transaction with locks of ours:
//! callers hear the truth in time, mail that is sent now goes on, and the node goes on by itself.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use tokio_postgres::NoTls;

use super::fixture::{REST, accepted, all_accepted, is_honest, on, queue, settings, store_is, submissions};
use crate::harness::cutting_proxy::{Fault, Proxy as Line};
use crate::harness::outbox::id;
use crate::harness::postmaster::Postmaster;
use crate::harness::wait::{eventually_within, when};
use crate::harness::{Answer, Behaviour, Client, Gate, Proxy, Reply, Settings, StubProvider, mails};

/// A session that has begun a transaction with this statement, and does nothing more.
async fn idle_in_transaction(server: &Postmaster, database: &str, statement: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&server.url(database), NoTls).await.expect("connected");
    tokio::spawn(connection);
    client.batch_execute(&format!("begin; {statement}")).await.expect("locked");
    client
}

/// Mail for later under three keys, while mail is sent now: all of the latter has to be taken.
async fn both(client: &Client) -> Vec<(String, Answer)> {
    let later =
        join_all(["a", "b", "c"].map(|key| async move { (key.to_owned(), queue(client, key, Some(key)).await) }));
    let now = async {
        for _ in 0..50 {
            client.send(&mails::plain()).await.expect(200);
        }
    };
    let (answers, ()) = tokio::join!(later, now);
    answers.iter().for_each(|(_, answer)| is_honest(answer));
    answers
}

/// Every repeat is accepted, under the id that was named before.
async fn cleared_up(client: &Client, answers: &[(String, Answer)]) {
    for (key, answer) in answers {
        let again = accepted(client, key).await;
        assert!(answer.status == 503 || id(answer) == again, "{key} is {again} now: {answer}");
    }
}

#[tokio::test]
async fn a_slow_database_is_no_lie_and_holds_up_no_mail_that_is_sent_now() {
    let Some(server) = Postmaster::shared() else { return };
    let (database, provider) = (server.database().await, StubProvider::sendgrid().await);
    let line = Line::before(server).await;
    let with = Settings::server().sendgrid(&provider.url()).patient_circuits();
    let node = Proxy::start(on(&line.url("127.0.0.1", &database), with)).await;
    queue(&node.client, "before", None).await.expect(202);
    line.set(Fault::Delay);
    let answers = both(&node.client).await;
    line.set(Fault::None);
    cleared_up(&node.client, &answers).await;
    all_accepted(server, &database).await;
    let mut taken = BTreeMap::<_, usize>::new();
    for mail in provider.mails() {
        let subject = mail.json()["subject"].to_string();
        if ["\"a\"", "\"b\"", "\"c\"", "\"before\""].contains(&&*subject) {
            *taken.entry(subject).or_default() += 1;
        }
    }
    assert!(taken.len() == 4 && taken.values().all(|times| *times == 1), "{taken:?}");
    assert_eq!(submissions(server, &database).await, 4);
}

#[tokio::test]
async fn a_table_that_a_foreign_session_has_locked_is_503_or_504_and_the_node_goes_on_after_it() {
    let Some(server) = Postmaster::shared() else { return };
    let database = server.database().await;
    let node = Proxy::start(settings(&server.url(&database))).await;
    queue(&node.client, "before", None).await.expect(202);
    all_accepted(server, &database).await;
    let lock = idle_in_transaction(server, &database, "lock table smsp_outbox in access exclusive mode").await;
    let answers = both(&node.client).await;
    assert!(answers.iter().all(|(_, answer)| answer.status != 202), "nothing can be written: {answers:?}");
    drop(lock);
    cleared_up(&node.client, &answers).await;
    all_accepted(server, &database).await;
    assert_eq!(submissions(server, &database).await, 4);
}

#[tokio::test]
async fn a_row_that_a_foreign_session_has_locked_holds_up_no_other_mail() {
    let Some(server) = Postmaster::shared() else { return };
    let database = server.database().await;
    // The provider has the mail for as long as the row is being locked.
    let (provider, gate) = (StubProvider::sendgrid().await, Gate::shut());
    provider.does(Behaviour::AnswerBehind(gate.clone(), Reply::sendgrid_accepts()));
    let with = Settings::server().sendgrid(&provider.url()).patient_circuits();
    let node = Proxy::start(on(&server.url(&database), with)).await;
    queue(&node.client, "locked", None).await.expect(202);
    provider.receives_mails(1).await;
    let lock = idle_in_transaction(server, &database, "select from smsp_outbox for update").await;
    gate.open();
    for subject in 0..20 {
        queue(&node.client, &subject.to_string(), None).await.expect(202);
    }
    eventually_within(REST, "all others are accepted", async || {
        let left = server.sql(&database, "select state from smsp_outbox where state <> 5").await;
        when(left.len() == 1, || format!("{left:?}"))
    })
    .await;
    store_is(&node.client, true).await;
    drop(lock);
    all_accepted(server, &database).await;
    assert_eq!(provider.mails().len(), 21);
}

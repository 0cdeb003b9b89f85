//! A line that is cut between a COMMIT and its answer, or goes dead.

use super::fixture::{all_accepted, on, queue, store_is, submissions};
use crate::harness::cutting_proxy::{Fault, Proxy as Line};
use crate::harness::outbox::id;
use crate::harness::postmaster::Postmaster;
use crate::harness::{Answer, Proxy, Settings, StubProvider};

/// What a transaction sends that accepts a mail: the node itself commits too.
const ACCEPTING: &str = "insert into smsp_submission";

/// An answer to a call whose COMMIT met this fault, and the key of the call.
async fn unclear(proxy: &Proxy, line: &Line, fault: Fault) -> (String, Answer) {
    line.set_for(fault, ACCEPTING);
    let key = if fault == Fault::LoseAnswer { "answer" } else { "commit" };
    let answer = queue(&proxy.client, key, Some(key)).await;
    (key.to_owned(), answer.expect_problem(504, "unknown", false))
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_unknown_and_cleared_up_by_a_repeat_under_the_same_key() {
    let Some(server) = Postmaster::shared() else { return };
    let (database, provider) = (server.database().await, StubProvider::sendgrid().await);
    let line = Line::before(server).await;
    let settings = Settings::server().sendgrid(&provider.url()).patient_circuits();
    let proxy = Proxy::start(on(&line.url("127.0.0.1", &database), settings)).await;
    for (fault, replayed) in [(Fault::LoseAnswer, Some("true")), (Fault::LoseCommit, None)] {
        let (key, answer) = unclear(&proxy, &line, fault).await;
        assert!(line.has(Fault::None));
        let again = queue(&proxy.client, &key, Some(&key)).await.expect(202);
        assert_eq!((id(&again), again.header("idempotency-replayed")), (id(&answer), replayed), "{again}");
    }
    let metrics = proxy.client.metrics().await;
    let counted = |result| metrics.count("smsp_store_commands_total", &[("database", "postgres"), ("result", result)]);
    assert!(counted("unclear") >= 2 && counted("written") >= 2, "{}", metrics.page);
    all_accepted(server, &database).await;
    let subjects: Vec<_> = provider.mails().iter().map(|mail| mail.json()["subject"].clone()).collect();
    let distinct: std::collections::BTreeSet<_> = subjects.iter().map(ToString::to_string).collect();
    assert_eq!(subjects.len(), distinct.len(), "a mail was taken twice: {subjects:?}");
    assert_eq!(subjects.len(), submissions(server, &database).await);
}

#[tokio::test]
async fn a_dead_line_is_never_a_202_and_the_node_is_back_with_the_line() {
    let Some(server) = Postmaster::shared() else { return };
    let database = server.database().await;
    let line = Line::before(server).await;
    let proxy = Proxy::start(super::fixture::settings(&line.url("127.0.0.1", &database))).await;
    queue(&proxy.client, "before", None).await.expect(202);
    line.set(Fault::Swallow);
    let answer = queue(&proxy.client, "dead", Some("dead")).await;
    assert!(matches!(answer.status, 503 | 504), "{answer}");
    store_is(&proxy.client, false).await;
    line.set(Fault::None);
    store_is(&proxy.client, true).await;
    queue(&proxy.client, "dead", Some("dead")).await.expect(202);
    all_accepted(server, &database).await;
    assert_eq!(submissions(server, &database).await, 2);
}

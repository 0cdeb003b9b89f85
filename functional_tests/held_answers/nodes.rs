//! Nodes that share a PostgreSQL: one mail under a key, whichever of them is asked.

use futures_util::future::join_all;

use super::{gated, id, known, look, replayed, send, sending, settings};
use crate::harness::bouncer::Bouncer;
use crate::harness::database::Database;
use crate::harness::outbox::Store;
use crate::harness::postmaster::Postmaster;
use crate::harness::{Answer, Proxy, Settings, StubProvider};

async fn nodes<const N: usize>(settings: &Settings) -> [Proxy; N] {
    let nodes = join_all((0..N).map(|_| Proxy::start(settings.clone()))).await;
    nodes.try_into().unwrap_or_else(|_| panic!("so many were started"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_other_nodes_say_409_while_a_mail_is_in_flight_and_then_what_became_of_it() {
    let Some(database) = Database::postgres().await else { return };
    let (provider, gate) = gated().await;
    let [one, two, three] = nodes(&settings(&database, &provider)).await;
    let call = sending(&one.client, "k");
    provider.receives_mails(1).await;
    for node in [&two, &three] {
        let elsewhere = send(&node.client, "k").await.expect_problem(409, "none", true);
        assert_eq!(elsewhere.at("/type"), "urn:smsp:problem:idempotency-key-in-flight");
        assert!((1..=5).contains(&elsewhere.retry_after()), "{elsewhere}");
        let shown = look(&node.client, &id(&elsewhere)).await.expect(200);
        assert_eq!(shown.at("/delivery"), "unknown", "{shown}");
    }
    // One of its own node waits.
    let waits = sending(&one.client, "k");
    gate.open();
    let [first, waited] = [call.await, waits.await].map(|call| call.expect("the call goes on").expect(200));
    assert_eq!(first.json, waited.json);
    for node in [&one, &two, &three] {
        let repeat = send(&node.client, "k").await.expect(200);
        assert!(replayed(&repeat) && repeat.json == first.json, "{repeat}");
        assert_eq!(known(&look(&node.client, &id(&first)).await.expect(200)).0, "accepted");
    }
    provider.only_mail();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_repeats_that_race_at_two_nodes_one_is_handed_over() {
    let Some(database) = Database::postgres().await else { return };
    let provider = StubProvider::sendgrid().await;
    let nodes: [Proxy; 2] = nodes(&settings(&database, &provider)).await;
    for (mails, key) in (1..).zip(["a", "b", "c", "d"]) {
        let answers = join_all((0..64).map(|call| send(&nodes[call % 2].client, key))).await;
        let is_accepted = |answer: &&Answer| answer.status == 200;
        assert!(answers.iter().filter(is_accepted).count() > 0);
        for answer in answers {
            assert!(matches!(answer.status, 200 | 409), "{answer}");
        }
        assert_eq!(provider.mail_count(), mails);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_behind_pgbouncer_send_each_mail_once() {
    let Some(server) = Postmaster::start() else { return };
    let Some(bouncer) = Bouncer::before(&server) else { return };
    let (name, provider) = (server.database().await, StubProvider::sendgrid().await);
    let store = Store::at(&bouncer.url(&name));
    let settings = store.under(Settings::server().sendgrid(&provider.url()).patient_circuits());
    let nodes: [Proxy; 2] = nodes(&super::without_outbox(settings)).await;
    let keys: Vec<_> = (0..40).map(|key| key.to_string()).collect();
    for round in 0..2 {
        let calls = keys.iter().enumerate().map(|(place, key)| send(&nodes[(place + round) % 2].client, key));
        for answer in join_all(calls).await {
            assert_eq!(replayed(&answer.expect(200)), round == 1);
        }
    }
    assert_eq!(provider.mail_count(), keys.len());
}

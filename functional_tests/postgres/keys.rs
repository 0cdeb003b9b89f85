//! One key is one submission, whichever node is asked.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::fixture::{all_accepted, on, queue, submissions};
use crate::harness::outbox::id;
use crate::harness::postmaster::Postmaster;
use crate::harness::{Proxy, Settings, StubProvider};

const REPEATS: usize = 64;

#[tokio::test]
async fn of_64_repeats_that_race_at_two_nodes_one_is_accepted_and_all_hear_its_id() {
    let Some(server) = Postmaster::shared() else { return };
    let (database, provider) = (server.database().await, StubProvider::sendgrid().await);
    let settings = on(&server.url(&database), Settings::server().sendgrid(&provider.url()));
    let nodes = [Proxy::start(settings.clone()).await, Proxy::start(settings).await];
    for key in ["a", "b", "c"] {
        let calls = (0..REPEATS).map(|call| queue(&nodes[call % 2].client, key, Some(key)));
        let answers: Vec<_> = join_all(calls).await.into_iter().map(|answer| answer.expect(202)).collect();
        assert_eq!(answers.iter().map(id).collect::<BTreeSet<_>>().len(), 1);
        let replayed = answers.iter().filter(|answer| answer.header("idempotency-replayed") == Some("true"));
        assert_eq!(replayed.count(), REPEATS - 1);
    }
    all_accepted(server, &database).await;
    assert_eq!((submissions(server, &database).await, provider.mails().len()), (3, 3));
}

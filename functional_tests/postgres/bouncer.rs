//! Behind PgBouncer in transaction mode, with two connections for two nodes.

use futures_util::future::join_all;

use super::fixture::{all_accepted, queue, settings, submissions, takes_mail_again};
use crate::harness::Proxy;
use crate::harness::bouncer::Bouncer;
use crate::harness::postmaster::Postmaster;

const MAILS: usize = 60;

#[tokio::test]
async fn two_nodes_behind_pgbouncer_deliver_all_and_heal_when_the_database_was_killed() {
    let Some(server) = Postmaster::start() else { return };
    let Some(bouncer) = Bouncer::before(&server) else { return };
    let database = server.database().await;
    let url = bouncer.url(&database);
    let nodes = [Proxy::start(settings(&url)).await, Proxy::start(settings(&url)).await];
    let accepted = |number: usize| {
        let (client, subject) = (&nodes[number % 2].client, number.to_string());
        async move { queue(client, &subject, None).await.expect(202) }
    };
    join_all((0..MAILS).map(accepted)).await;
    all_accepted(&server, &database).await;
    assert_eq!(submissions(&server, &database).await, MAILS);
    server.kill();
    for node in &nodes {
        let answer = queue(&node.client, "away", Some("away")).await;
        assert!(matches!(answer.status, 503 | 504), "{answer}");
    }
    server.restart();
    for node in &nodes {
        takes_mail_again(&node.client).await;
    }
    all_accepted(&server, &database).await;
}

//! `POST /email` has no part in the store: it goes on without one.

use futures_util::future::join_all;

use super::fixture::{settings, store_is, takes_mail_again};
use crate::harness::postmaster::Postmaster;
use crate::harness::{Client, Proxy, mails};

/// Calls of a part of the test, at each node.
const CALLS: usize = 150;

/// So many calls, some at a time; all have to be answered 200.
async fn all_are_sent(client: &Client) {
    for _ in 0..CALLS / 10 {
        for answer in join_all((0..10).map(|_| async { client.send(&mails::plain()).await })).await {
            answer.expect(200);
        }
    }
}

#[tokio::test]
async fn mail_without_a_key_is_sent_by_two_nodes_before_while_and_after_their_database_is_killed() {
    let Some(server) = Postmaster::start() else { return };
    let url = server.url(&server.database().await);
    let nodes = [Proxy::start(settings(&url)).await, Proxy::start(settings(&url)).await];
    let [one, other] = [&nodes[0].client, &nodes[1].client];
    let send = async || tokio::join!(all_are_sent(one), all_are_sent(other));
    send().await;
    server.kill();
    send().await;
    for client in [one, other] {
        store_is(client, false).await;
        client.healthcheck().await.expect(200);
    }
    send().await;
    server.restart();
    send().await;
    for client in [one, other] {
        store_is(client, true).await;
        takes_mail_again(client).await;
    }
}

//! A database that is killed, or stopped: no 202 that is not there, and the node goes on by itself.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::fixture::{REST, accepted, all_accepted, is_honest, number, queue, settings, submissions, takes_mail_again};
use crate::harness::Proxy;
use crate::harness::outbox::id;
use crate::harness::postmaster::Postmaster;
use crate::harness::wait::{eventually_within, when};

/// Callers at once, and calls of each.
const CALLERS: usize = 6;
const CALLS: usize = 40;

#[tokio::test]
async fn what_was_accepted_while_the_database_was_killed_again_and_again_is_there_and_delivered_once() {
    let Some(server) = Postmaster::start() else { return };
    let database = server.database().await;
    let proxy = Proxy::start(settings(&server.url(&database))).await;
    let client = &proxy.client;
    let calls = join_all((0..CALLERS).map(|caller| async move {
        let mut ids = BTreeSet::new();
        for call in 0..CALLS {
            ids.insert(accepted(client, &format!("{caller} {call}").replace(' ', "-")).await);
        }
        ids
    }));
    let kills = async {
        for rows in [20, 100, 180] {
            let accepted = async || {
                let found = submissions(&server, &database).await;
                when(found >= rows, || format!("{found} of {rows}"))
            };
            eventually_within(REST, "mails are accepted", accepted).await;
            server.kill();
            server.restart();
        }
    };
    let (ids, ()) = tokio::join!(calls, kills);
    let ids: BTreeSet<_> = ids.into_iter().flatten().collect();
    assert_eq!(ids.len(), CALLERS * CALLS, "two keys got one id");
    let found: BTreeSet<_> = server.sql(&database, "select id from smsp_submission").await.into_iter().collect();
    assert_eq!(found, ids, "what was answered 202 is in the database, and nothing else is");
    takes_mail_again(client).await;
    // A node that lives frees its own rows: none waits for it to die.
    eventually_within(REST, "every mail is accepted or unknown", async || {
        let left = server.sql(&database, "select state from smsp_outbox where state not in (3, 5)").await;
        when(left.is_empty(), || format!("{left:?}"))
    })
    .await;
    let twice = "select count(*) from (select row_id from smsp_attempt where outcome = 'accepted'
        group by row_id having count(*) > 1) twice";
    assert_eq!(number(&server, &database, twice).await, 0);
}

#[tokio::test]
async fn a_stopped_database_is_unclear_or_refused_and_a_repeat_brings_clarity() {
    let Some(server) = Postmaster::start() else { return };
    let database = server.database().await;
    let proxy = Proxy::start(settings(&server.url(&database))).await;
    queue(&proxy.client, "before", None).await.expect(202);
    server.pause();
    let answers = join_all(["a", "b", "c"].map(|key| queue(&proxy.client, key, Some(key)))).await;
    server.resume();
    for (key, answer) in ["a", "b", "c"].into_iter().zip(&answers) {
        is_honest(answer);
        assert_ne!(answer.status, 202, "a stopped database has said nothing: {answer}");
        let again = accepted(&proxy.client, key).await;
        assert!(answer.status == 503 || id(answer) == again, "{key} is {again} now: {answer}");
    }
    all_accepted(&server, &database).await;
    assert_eq!(submissions(&server, &database).await, 4);
}

//! Several nodes at once: a row has one owner, a key has one submission.

use std::collections::BTreeSet;
use std::mem;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Notify;

use super::{batch, node, outbox, row, wanted};
use crate::state::outbox::{Acceptance, Change, Ended, Mark, Outbox, State};
use crate::state::store::postgres::tests::bouncer::Bouncer;
use crate::state::store::postgres::tests::postmaster::Postmaster;

/// Plans in which a claim joins by nested loops alone: the inner side of such a join may be run time and again, and rows that
/// are locked there, with a limit that skips what is locked, may be more than the limit.
const NESTED_LOOPS: [&str; 4] = ["enable_hashjoin", "enable_mergejoin", "enable_material", "enable_memoize"];

#[tokio::test(flavor = "multi_thread")]
async fn of_nodes_that_race_for_rows_no_two_get_the_same_one_and_none_gets_too_many() {
    let Some(server) = Postmaster::shared() else { return };
    race(server, &server.database().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_nodes_that_race_for_rows_by_nested_loops_no_two_get_the_same_one_and_none_gets_too_many() {
    let Some(server) = Postmaster::shared() else { return };
    let name = server.database().await;
    for setting in NESTED_LOOPS {
        server.sql(&name, &format!("alter database {name} set {setting} = off")).await;
    }
    assert_eq!(server.sql(&name, "show enable_hashjoin").await, ["off"]);
    race(server, &name).await;
}

async fn race(server: &Postmaster, name: &str) {
    let Some(bouncer) = Bouncer::before(server) else { return };
    let mut nodes = Vec::new();
    for url in [server.url(name), bouncer.url(name), server.url(name), bouncer.url(name)] {
        nodes.push(outbox(&url).await);
    }
    for _ in 0..20 {
        let accepted = nodes[0].accept(batch((0..100).map(|_| row(None)).collect())).await.unwrap();
        assert!(accepted.iter().all(|answer| matches!(answer, Acceptance::Accepted(_))), "{accepted:?}");
    }
    let claims = nodes.iter().map(async |outbox| {
        let (node, mut rows) = (node(), Vec::new());
        for _ in 0..200 {
            let claimed = outbox.claim(node, &wanted(17)).await.unwrap();
            assert!(claimed.len() <= 17, "{}", claimed.len());
            rows.extend(claimed.iter().map(|row| row.hold.row));
        }
        rows
    });
    let claimed = join_all(claims).await.concat();
    assert_eq!(claimed.len(), 2000);
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 2000, "a row was claimed twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_repeats_that_race_at_two_nodes_one_is_accepted() {
    let Some(server) = Postmaster::shared() else { return };
    let url = server.url(&server.database().await);
    let nodes = [outbox(&url).await, outbox(&url).await];
    for key in ["a", "b", "c"] {
        let calls = (0..64).map(|call| nodes[call % 2].accept(batch(vec![row(Some(key))])));
        let answers = join_all(calls).await;
        let accepted = answers.iter().filter(|answer| matches!(answer.as_deref(), Ok([Acceptance::Accepted(_)])));
        let repeated = answers.iter().filter(|answer| matches!(answer.as_deref(), Ok([Acceptance::Repeated(_)])));
        assert_eq!((accepted.count(), repeated.count()), (1, 63), "{answers:?}");
    }
}

/// The mail is handed over and comes back to the queue again and again: while it is under way the erase is refused, as it is
/// the first time in each round, and between its look at the row and its change the row must not come back.
#[tokio::test(flavor = "multi_thread")]
async fn an_erase_that_races_with_mail_that_comes_back_to_the_queue_has_cancelled_it() {
    let Some(server) = Postmaster::shared() else { return };
    let url = server.url(&server.database().await);
    let (callers, pump, caller) = (outbox(&url).await, outbox(&url).await, "shop".into());
    let mark = Mark { upstream: "a".to_owned(), replay_for: None, possible_duplicate: false };
    let again = Ended::Again { verdicts: vec![], wait: Duration::ZERO, counted: false, possible_duplicate: false };
    for round in 0..50 {
        let (row, is_marked, is_refused) = (row(None), Notify::new(), Notify::new());
        let id = row.id;
        callers.accept(batch(vec![row])).await.unwrap();
        let send = async {
            let mut is_first = true;
            while let Some(claimed) = pump.claim(node(), &wanted(1)).await.unwrap().first() {
                pump.mark(&claimed.hold, &mark).await.unwrap();
                if mem::take(&mut is_first) {
                    is_marked.notify_one();
                    is_refused.notified().await;
                }
                pump.end(&claimed.hold, &again).await.unwrap();
            }
        };
        let erase = async {
            is_marked.notified().await;
            loop {
                match callers.erase(&caller, id).await.unwrap() {
                    Change::Conflict(_) => is_refused.notify_one(),
                    Change::Cancelled(status) => return status.ticket.state,
                    Change::Done(status) => panic!("{round}: erased as {:?}, and not cancelled", status.ticket.state),
                    Change::NotFound => panic!("{round}: gone"),
                }
            }
        };
        let ((), state) = tokio::join!(send, erase);
        assert_eq!(state, State::Cancelled, "{round}");
    }
}

//! Marks and ends that share a transaction: each has its own answer, and none waits for the row of another.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::{batch, node, outbox, row, wanted};
use crate::state::outbox::{Bound, Ended, Failed, Hold, Mark, Outbox, PostgresOutbox, State};
use crate::state::store::postgres::field;
use crate::state::store::postgres::tests::postmaster::Postmaster;
use crate::state::store::postgres::tests::proxy::{Fault, Proxy};

const ROWS: usize = 60;

fn mark() -> Mark {
    Mark { upstream: "a".to_owned(), replay_for: None, possible_duplicate: false }
}

fn accepted() -> Ended {
    Ended::Accepted { verdicts: Vec::new(), possible_duplicate: false }
}

/// So many rows that a node has claimed.
async fn claimed(outbox: &PostgresOutbox, rows: usize) -> Vec<Hold> {
    outbox.accept(batch((0..rows).map(|_| row(None)).collect())).await.unwrap();
    outbox.claim(node(), &wanted(rows)).await.unwrap().iter().map(|claimed| claimed.hold).collect()
}

async fn number(outbox: &PostgresOutbox, sql: &str) -> i64 {
    let mut transaction = outbox.begin().await.unwrap();
    let rows = transaction.query(sql, &[]).await.unwrap();
    field(&rows[0], 0).unwrap()
}

#[tokio::test]
async fn marks_that_wait_together_share_a_transaction_and_so_do_ends() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let holds = claimed(&outbox, ROWS).await;
    let mark = mark();
    let marked = join_all(holds.iter().map(|hold| outbox.mark(hold, &mark))).await;
    assert!(marked.iter().all(|marked| *marked == Ok(true)), "{marked:?}");
    let transactions = "select count(distinct xmin::text) from smsp_outbox";
    assert_eq!(number(&outbox, transactions).await, 1, "marks");
    assert_eq!(number(&outbox, "select count(*) from smsp_marks where marks > 0").await, 1, "slots");
    let ended = accepted();
    let states = join_all(holds.iter().map(|hold| outbox.end(hold, &ended))).await;
    assert!(states.iter().all(|state| *state == Ok(Some(State::Accepted))), "{states:?}");
    assert_eq!(number(&outbox, transactions).await, 1, "ends");
    assert_eq!(number(&outbox, "select count(*) from smsp_content").await, 0);
}

#[tokio::test]
async fn of_marks_and_ends_in_one_transaction_each_is_answered_by_its_own_row() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let holds = claimed(&outbox, 4).await;
    let foreign = Hold { node: node(), ..holds[1] };
    let gone = Hold { row: crate::state::outbox::RowId(99), ..holds[2] };
    let mark = mark();
    let answers =
        join_all([&holds[0], &foreign, &gone, &holds[3], &holds[3]].map(|hold| outbox.mark(hold, &mark))).await;
    assert_eq!(answers, [Ok(true), Ok(false), Ok(false), Ok(true), Ok(true)]);
    let (accepted, unknown) = (accepted(), Ended::Unknown { verdicts: Vec::new(), replay_after: Duration::ZERO });
    let ends = [(&holds[0], &accepted), (&foreign, &accepted), (&gone, &accepted), (&holds[3], &unknown)];
    let answers = join_all(ends.map(|(hold, ended)| outbox.end(hold, ended))).await;
    assert_eq!(answers, [Ok(Some(State::Accepted)), Ok(None), Ok(None), Ok(Some(State::Unknown))]);
    let again =
        join_all([(&holds[0], &accepted), (&holds[3], &accepted)].map(|(hold, ended)| outbox.end(hold, ended))).await;
    assert_eq!(
        again,
        [Ok(Some(State::Accepted)), Ok(Some(State::Accepted))],
        "what it was told before, and a late verdict"
    );
}

#[tokio::test]
async fn a_row_that_somebody_else_has_locked_holds_up_its_own_mark_and_end_alone() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let holds = claimed(&outbox, 5).await;
    let (mark, ended) = (mark(), accepted());
    for mark_them in [true, false] {
        let mut locking = outbox.begin().await.unwrap();
        let sql = format!("select from smsp_outbox where row_id = {} for update", holds[2].row.0);
        locking.query(&sql, &[]).await.unwrap();
        let call = async |hold: &Hold| match mark_them {
            true => outbox.mark(hold, &mark).await.unwrap(),
            false => outbox.end(hold, &ended).await.unwrap().is_some(),
        };
        let others = join_all(holds.iter().filter(|hold| hold.row != holds[2].row).map(call));
        let (mut locked, mut others) = (std::pin::pin!(call(&holds[2])), std::pin::pin!(others));
        tokio::select! {
            biased;
            answer = &mut locked => panic!("its row is locked: {answer}"),
            answers = &mut others => assert_eq!(answers, [true; 4]),
        }
        locking.commit().await.unwrap();
        assert!(locked.await);
    }
}

#[tokio::test]
async fn slots_that_somebody_else_has_locked_are_passed_by_and_without_any_nothing_is_marked() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let holds = claimed(&outbox, 2).await;
    let mut locking = outbox.begin().await.unwrap();
    locking.query("select from smsp_marks where slot < 63 for update", &[]).await.unwrap();
    assert_eq!(outbox.mark(&holds[0], &mark()).await, Ok(true));
    locking.query("select from smsp_marks for update", &[]).await.unwrap();
    assert_eq!(outbox.mark(&holds[1], &mark()).await, Err(Failed::Down));
    locking.commit().await.unwrap();
    assert_eq!(number(&outbox, "select count(*) from smsp_outbox where state = 2").await, 1);
    assert_eq!(outbox.history().await.unwrap().point.marks, 1);
}

#[tokio::test]
async fn an_unclear_commit_is_unclear_for_all_that_share_it() {
    let Some(server) = Postmaster::shared() else { return };
    let proxy = Proxy::before(server).await;
    let outbox = Arc::new(outbox(&proxy.url("127.0.0.1", &server.database().await)).await);
    let holds = claimed(&outbox, 9).await;
    let (mark, ended) = (mark(), accepted());
    proxy.set(Fault::LoseAnswer);
    let marked = join_all(holds.iter().map(|hold| outbox.mark(hold, &mark))).await;
    assert_eq!(marked, vec![Err(Failed::Unclear); 9]);
    let marked = join_all(holds.iter().map(|hold| outbox.mark(hold, &mark))).await;
    assert_eq!(marked, vec![Ok(true); 9]);
    proxy.set(Fault::LoseAnswer);
    let states = join_all(holds.iter().map(|hold| outbox.end(hold, &ended))).await;
    assert_eq!(states, vec![Err(Failed::Unclear); 9]);
    let states = join_all(holds.iter().map(|hold| outbox.end(hold, &ended))).await;
    assert_eq!(states, vec![Ok(Some(State::Accepted)); 9]);
}

/// Two nodes give the rules' sets and take holds back in opposite orders: without a fixed order of locks one of them would be
/// ended by the database.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_change_the_same_rows_in_opposite_orders_do_not_lock_each_other_out() {
    use crate::state::outbox::{RouteSet, RulesVersion};

    let Some(server) = Postmaster::shared() else { return };
    let url = server.url(&server.database().await);
    let nodes = [outbox(&url).await, outbox(&url).await];
    nodes[0].accept(batch((0..500).map(|_| row(None)).collect())).await.unwrap();
    let stale = nodes[0].stale(RulesVersion(2), Bound { rows: 500, bytes: 1_000_000 }).await.unwrap();
    let sets: Vec<_> = stale.iter().map(|stale| (stale.row, RouteSet::new(["c"]))).collect();
    let reversed: Vec<_> = sets.iter().rev().cloned().collect();
    for round in 0..20 {
        let rules = RulesVersion(round);
        let (one, other) = tokio::join!(nodes[0].reroute(rules, &sets), nodes[1].reroute(rules, &reversed));
        assert_eq!((one, other), (Ok(()), Ok(())), "{round}");
    }
}

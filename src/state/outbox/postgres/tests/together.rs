//! Calls that share a transaction: each has its own answer.

use futures_util::future::join_all;

use super::{batch, node, outbox, row, wanted};
use crate::state::outbox::{Acceptance, Batch, Ended, Failed, Full, Mark, NewRow, Outbox, PostgresOutbox, Room, State};
use crate::state::store::postgres::field;
use crate::state::store::postgres::tests::postmaster::Postmaster;

#[tokio::test]
async fn calls_that_wait_together_are_accepted_in_one_transaction() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let answers = join_all((0..64).map(|_| outbox.accept(batch(vec![row(None)])))).await;
    assert!(answers.iter().all(|answer| matches!(answer.as_deref(), Ok([Acceptance::Accepted(_)]))), "{answers:?}");
    let mut transaction = outbox.begin().await.expect("a transaction");
    let sql = "select count(*), count(distinct s.xmin::text) from smsp_submission s join smsp_outbox using (row_id)";
    let rows = transaction.query(sql, &[]).await.expect("a count");
    let (count, transactions): (i64, i64) = (field(&rows[0], 0).unwrap(), field(&rows[0], 1).unwrap());
    assert_eq!((count, transactions), (64, 1));
}

#[tokio::test]
async fn of_calls_in_one_transaction_each_is_answered_as_if_it_came_after_those_before_it() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    outbox.accept(batch(vec![row(Some("taken"))])).await.unwrap();
    let other =
        || Batch { caller: "other".into(), callers_room: Room { rows: 1, bytes: 1 << 20 }, ..batch(vec![row(None)]) };
    let another_message = crate::runtime::ids::fresh().into();
    let in_use = super::NewRow { id: another_message, ..row(Some("taken")) };
    let withheld = Batch { atomic: true, ..batch(vec![row(Some("free")), in_use]) };
    let calls = [withheld, batch(vec![row(Some("free"))]), batch(vec![row(Some("free"))]), other(), other()];
    let answers = join_all(calls.map(|call| outbox.accept(call))).await;
    let words = answers.iter().flatten().flatten().map(|answer| match answer {
        Acceptance::Accepted(_) => "accepted",
        Acceptance::Repeated(_) => "repeated",
        Acceptance::KeyInUse => "key in use",
        Acceptance::Full(Full::CallersRows) => "caller has enough",
        Acceptance::Full(_) => "full",
        Acceptance::TooLarge(_) => "too_large",
        Acceptance::Withheld => "withheld",
    });
    let expected = ["withheld", "key in use", "accepted", "repeated", "accepted", "caller has enough"];
    assert_eq!(words.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_call_whose_values_the_database_refuses_fails_alone() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let faulty = NewRow { from_domain: "faulty.example".to_owned(), ..row(None) };
    forbid(&outbox, "smsp_submission", "from_domain <> 'faulty.example'").await;
    let calls = [row(None), row(None), row(None), faulty, row(None), row(None)];
    let accepted = join_all(calls.map(|row| outbox.accept(batch(vec![row])))).await;
    assert_eq!(accepted.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, true, false, true, true]);
    let claimed = outbox.claim(node(), &wanted(9)).await.unwrap();
    let holds: Vec<_> = claimed.iter().map(|claimed| claimed.hold).collect();
    let third = holds[2].row.0;
    forbid(&outbox, "smsp_outbox", &format!("state <> 2 or row_id <> {third}")).await;
    let mark = Mark { upstream: "a".to_owned(), replay_for: None, possible_duplicate: false };
    let marked = join_all(holds.iter().map(|hold| outbox.mark(hold, &mark))).await;
    assert_eq!(marked, [Ok(true), Ok(true), Err(Failed::Down), Ok(true), Ok(true)]);
    forbid(&outbox, "smsp_outbox", &format!("state <> 5 or row_id <> {}", holds[3].row.0)).await;
    let ended = Ended::Accepted { verdicts: Vec::new(), possible_duplicate: false };
    let marked = holds.iter().filter(|hold| hold.row.0 != third);
    let ended = join_all(marked.map(|hold| outbox.end(hold, &ended))).await;
    let done = Ok(Some(State::Accepted));
    assert_eq!(ended, [done, done, Err(Failed::Down), done]);
}

async fn forbid(outbox: &PostgresOutbox, table: &str, condition: &str) {
    let mut transaction = outbox.begin().await.expect("a transaction");
    let sql = format!("alter table {table} add check ({condition})");
    transaction.execute(&sql, &[]).await.expect("a condition");
    transaction.commit().await.expect("it holds");
}

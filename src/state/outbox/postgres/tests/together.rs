//! Calls that share a transaction: each has its own answer.

use futures_util::future::join_all;

use super::{batch, outbox, row};
use crate::state::outbox::{Acceptance, Batch, Full, Outbox, Room};
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
        Acceptance::Withheld => "withheld",
    });
    let expected = ["withheld", "key in use", "accepted", "repeated", "accepted", "caller has enough"];
    assert_eq!(words.collect::<Vec<_>>(), expected);
}

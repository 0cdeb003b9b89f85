//! Splits, marks and ends of parts that share a transaction: each has its own answer.

use std::sync::Arc;

use futures_util::future::join_all;

use super::{batch, node, outbox, row, wanted};
use crate::state::outbox::suite::parting::{domain, told, wanted_parts};
use crate::state::outbox::{
    Fence, Hold, NewPart, Outbox, PartEnded, PartHold, PartTo, Parts, PostgresOutbox, RowId, Split, State,
};
use crate::state::store::postgres::field;
use crate::state::store::postgres::tests::postmaster::Postmaster;
use crate::state::store::postgres::tests::proxy::{Fault, Proxy};

use crate::state::outbox::{Failed, PartId};

const MAILS: usize = 30;

async fn fresh() -> Option<PostgresOutbox> {
    let server = Postmaster::shared()?;
    Some(outbox(&server.url(&server.database().await)).await)
}

/// To two domains, one recipient each.
fn in_two() -> Split {
    let part = |place: u8| NewPart { domain: domain(place + 1), places: vec![u32::from(place)] };
    Split { parts: vec![part(0), part(1)], verdicts: Vec::new() }
}

/// So many mails that a node has claimed.
async fn claimed(outbox: &PostgresOutbox, mails: usize) -> Vec<Hold> {
    let rows = (0..mails).map(|_| super::NewRow { bounces: true, ..row(None) }).collect();
    outbox.accept(batch(rows)).await.unwrap();
    outbox.claim(node(), &wanted(mails)).await.unwrap().iter().map(|claimed| claimed.hold).collect()
}

/// Both parts of so many mails, mail by mail, each with its place.
async fn in_parts(outbox: &PostgresOutbox, mails: usize) -> Vec<(PartHold, u32)> {
    let (holds, split) = (claimed(outbox, mails).await, in_two());
    let split = join_all(holds.iter().map(|hold| outbox.split(hold, &split))).await;
    assert_eq!(split, vec![Ok(true); mails]);
    let parts = outbox.claim_parts(node(), &wanted_parts(2 * mails)).await.unwrap();
    let mut parts: Vec<_> = parts.iter().map(|part| (part.hold, part.places[0])).collect();
    parts.sort_by_key(|(hold, _)| hold.part);
    assert_eq!(parts.len(), 2 * mails);
    parts
}

async fn number(outbox: &PostgresOutbox, sql: &str) -> i64 {
    let mut transaction = outbox.begin().await.unwrap();
    field(&transaction.query(sql, &[]).await.unwrap()[0], 0).unwrap()
}

async fn mark_all(outbox: &PostgresOutbox, parts: &[(PartHold, u32)]) {
    let marked = join_all(parts.iter().map(|(hold, _)| outbox.mark_part(hold))).await;
    assert_eq!(marked, vec![Ok(true); parts.len()]);
}

async fn ended(
    outbox: &PostgresOutbox,
    ends: impl IntoIterator<Item = (&PartHold, PartEnded)>,
) -> Vec<Result<Option<State>, Failed>> {
    join_all(ends.into_iter().map(async |(hold, ended)| outbox.end_part(hold, &ended).await)).await
}

#[tokio::test]
async fn splits_that_wait_together_share_a_transaction_and_so_do_marks_and_ends_of_parts() {
    let Some(outbox) = fresh().await else { return };
    let holds = claimed(&outbox, MAILS).await;
    let split = in_two();
    let answers = join_all(holds.iter().map(|hold| outbox.split(hold, &split))).await;
    assert_eq!(answers, vec![Ok(true); MAILS]);
    let transactions = "select count(distinct xmin::text) from smsp_part";
    assert_eq!(number(&outbox, transactions).await, 1, "splits");
    let parts = outbox.claim_parts(node(), &wanted_parts(2 * MAILS)).await.unwrap();
    let parts: Vec<_> = parts.iter().map(|part| (part.hold, part.places[0])).collect();
    assert_eq!(parts.len(), 2 * MAILS);
    mark_all(&outbox, &parts).await;
    assert_eq!(number(&outbox, transactions).await, 1, "marks");
    assert_eq!(number(&outbox, "select count(*) from smsp_marks where marks > 0").await, 1, "slots");
    assert_eq!(outbox.history().await.unwrap().point.marks, 2 * MAILS as u64);
    let ends = parts.iter().map(|(hold, place)| (hold, told(&[(*place, PartTo::Accepted)])));
    let states = ended(&outbox, ends).await;
    assert_eq!(number(&outbox, transactions).await, 1, "ends");
    let of = |state| states.iter().filter(|is| **is == Ok(Some(state))).count();
    assert_eq!((of(State::Accepted), of(State::Sending)), (MAILS, MAILS), "each mail has ended once");
    assert_eq!(number(&outbox, "select count(*) from smsp_content").await, 0);
}

#[tokio::test]
async fn of_splits_and_marks_in_one_transaction_each_is_answered_by_its_own_row() {
    let Some(outbox) = fresh().await else { return };
    let holds = claimed(&outbox, 4).await;
    let foreign = Hold { node: node(), ..holds[1] };
    let gone = Hold { row: RowId(99), ..holds[2] };
    let (sound, unsound) = (in_two(), Split { parts: Vec::new(), verdicts: Vec::new() });
    let calls = [(&holds[0], &sound), (&foreign, &sound), (&gone, &sound), (&holds[2], &unsound), (&holds[3], &sound)];
    let answers = join_all(calls.map(|(hold, split)| outbox.split(hold, split))).await;
    assert_eq!(answers, [Ok(true), Ok(false), Ok(false), Ok(false), Ok(true)]);
    let again = [(&holds[0], &sound), (&holds[1], &sound)];
    let answers = join_all(again.map(|(hold, split)| outbox.split(hold, split))).await;
    assert_eq!(answers, [Ok(true), Ok(true)], "once more, and one that is left");
    assert_eq!(number(&outbox, "select count(*) from smsp_part").await, 6);
    let parts = outbox.claim_parts(node(), &wanted_parts(9)).await.unwrap();
    let parts: Vec<_> = parts.iter().map(|part| part.hold).collect();
    let foreign = PartHold { node: node(), ..parts[1] };
    let late = PartHold { fence: Fence(parts[2].fence.0 + 1), ..parts[2] };
    let gone = PartHold { part: PartId(99), ..parts[3] };
    let marks = [&parts[0], &foreign, &late, &gone, &parts[4], &parts[4]];
    let answers = join_all(marks.map(|hold| outbox.mark_part(hold))).await;
    assert_eq!(answers, [Ok(true), Ok(false), Ok(false), Ok(false), Ok(true), Ok(true)]);
    assert_eq!(number(&outbox, "select count(*) from smsp_part where state = 2").await, 2);
}

#[tokio::test]
async fn ends_in_one_transaction_do_not_undo_each_other_and_two_of_one_mail_end_it_once() {
    let Some(outbox) = fresh().await else { return };
    let parts = in_parts(&outbox, 3).await;
    mark_all(&outbox, &parts).await;
    let [(one, _), (pair, _), (good, _)] = [parts[0], parts[2], parts[4]];
    let (other_of_pair, lost) = (parts[3].0, PartHold { node: node(), ..parts[5].0 });
    let refused = |place| told(&[(place, PartTo::Refused)]);
    let gone = PartHold { part: PartId(99), ..one };
    let never = PartHold { fence: Fence(0), ..one };
    let ends = [(&pair, 0), (&lost, 1), (&good, 0), (&gone, 0), (&other_of_pair, 1), (&never, 0)];
    let answers = ended(&outbox, ends.map(|(hold, place)| (hold, refused(place)))).await;
    let sending = Ok(Some(State::Sending));
    assert_eq!(answers, [sending, Ok(None), sending, Ok(None), Ok(Some(State::Refused)), Ok(None)]);
    let due = "select count(*) from smsp_outbox where split = 2 and bounce_due <= smsp_now()";
    assert_eq!(number(&outbox, due).await, 1, "a bounce is due, once");
    assert_eq!(number(&outbox, "select count(*) from smsp_part where state = 2").await, 3);
    // A repeat, a late verdict and the rest, together.
    let unknown = told(&[]);
    assert_eq!(ended(&outbox, [(&parts[0].0, unknown.clone())]).await, [sending]);
    let accepted = |place| told(&[(place, PartTo::Accepted)]);
    let ends =
        [(&pair, refused(0)), (&other_of_pair, refused(1)), (&parts[0].0, accepted(0)), (&parts[1].0, accepted(1))];
    let answers = ended(&outbox, ends).await;
    assert_eq!(answers, [sending, Ok(Some(State::Refused)), sending, Ok(Some(State::Accepted))]);
}

#[tokio::test]
async fn a_mail_that_somebody_else_has_locked_holds_up_the_calls_about_its_parts_alone() {
    let Some(outbox) = fresh().await else { return };
    let holds = claimed(&outbox, 3).await;
    let split = in_two();
    let lock = async || {
        let mut locking = outbox.begin().await.unwrap();
        let sql = format!("select from smsp_outbox where row_id = {} for update", holds[1].row.0);
        locking.query(&sql, &[]).await.unwrap();
        locking
    };
    macro_rules! all_but_one {
        ($calls:expr, $locked:expr) => {
            let locking = lock().await;
            let mut calls: Vec<_> = $calls.map(Box::pin).collect();
            let locked = calls.drain($locked).collect::<Vec<_>>();
            let (mut locked, mut others) = (std::pin::pin!(join_all(locked)), std::pin::pin!(join_all(calls)));
            tokio::select! {
                biased;
                answers = &mut locked => panic!("its mail is locked: {answers:?}"),
                answers = &mut others => assert!(answers.iter().all(|done| *done)),
            }
            locking.commit().await.unwrap();
            assert!(locked.await.iter().all(|done| *done));
        };
    }
    all_but_one!(holds.iter().map(async |hold| outbox.split(hold, &split).await.unwrap()), 1..2);
    let parts = outbox.claim_parts(node(), &wanted_parts(6)).await.unwrap();
    let mut parts: Vec<_> = parts.iter().map(|part| (part.hold, part.places[0])).collect();
    let mail = format!("select part from smsp_part where row_id = {} order by part", holds[1].row.0);
    let first = number(&outbox, &mail).await;
    parts.sort_by_key(|(hold, _)| (![first, first + 1].contains(&hold.part.0), hold.part));
    all_but_one!(parts.iter().map(async |(hold, _)| outbox.mark_part(hold).await.unwrap()), 0..2);
    let end = async |(hold, place): &(PartHold, u32)| {
        outbox.end_part(hold, &told(&[(*place, PartTo::Accepted)])).await.unwrap().is_some()
    };
    all_but_one!(parts.iter().map(end), 0..2);
}

#[tokio::test]
async fn an_unclear_commit_is_unclear_for_all_calls_about_parts_that_share_it() {
    let Some(server) = Postmaster::shared() else { return };
    let proxy = Proxy::before(server).await;
    let outbox = Arc::new(outbox(&proxy.url("127.0.0.1", &server.database().await)).await);
    let (holds, split) = (claimed(&outbox, 4).await, in_two());
    for expected in [Err(Failed::Unclear), Ok(true)] {
        proxy.set(if expected.is_err() { Fault::LoseAnswer } else { Fault::None });
        assert_eq!(join_all(holds.iter().map(|hold| outbox.split(hold, &split))).await, vec![expected; 4]);
    }
    let parts = outbox.claim_parts(node(), &wanted_parts(8)).await.unwrap();
    let mut parts: Vec<_> = parts.iter().map(|part| (part.hold, part.places[0])).collect();
    parts.sort_by_key(|(hold, _)| hold.part);
    for expected in [Err(Failed::Unclear), Ok(true)] {
        proxy.set(if expected.is_err() { Fault::LoseAnswer } else { Fault::None });
        let marked = join_all(parts.iter().map(|(hold, _)| outbox.mark_part(hold))).await;
        assert_eq!(marked, vec![expected; 8]);
    }
    let ends = || parts.iter().map(|(hold, place)| (hold, told(&[(*place, PartTo::Accepted)])));
    proxy.set(Fault::LoseCommit);
    assert_eq!(ended(&outbox, ends()).await, vec![Err(Failed::Unclear); 8]);
    proxy.set(Fault::LoseAnswer);
    assert_eq!(ended(&outbox, ends()).await, vec![Err(Failed::Unclear); 8]);
    let told: Vec<_> = ended(&outbox, ends()).await.into_iter().map(|state| state.unwrap().unwrap()).collect();
    let accepted = told.iter().filter(|state| **state == State::Accepted).count();
    assert_eq!(accepted, 4, "each end of a mail is told once: {told:?}");
}

#[tokio::test]
async fn a_call_about_a_part_whose_values_the_database_refuses_fails_alone() {
    let Some(outbox) = fresh().await else { return };
    let parts = in_parts(&outbox, 3).await;
    let forbid = async |condition: String| {
        let mut transaction = outbox.begin().await.unwrap();
        transaction.execute(&format!("alter table smsp_part add check ({condition})"), &[]).await.unwrap();
        transaction.commit().await.unwrap();
    };
    forbid(format!("state <> 2 or part <> {}", parts[2].0.part.0)).await;
    let marked = join_all(parts.iter().map(|(hold, _)| outbox.mark_part(hold))).await;
    assert_eq!(marked, [Ok(true), Ok(true), Err(Failed::Down), Ok(true), Ok(true), Ok(true)]);
    forbid(format!("state <> 5 or part <> {}", parts[4].0.part.0)).await;
    let marked = parts.iter().filter(|(hold, _)| *hold != parts[2].0);
    let ends = marked.map(|(hold, place)| (hold, told(&[(*place, PartTo::Accepted)])));
    let answers = ended(&outbox, ends).await;
    let sending = Ok(Some(State::Sending));
    let done = Ok(Some(State::Accepted));
    assert_eq!(answers, [sending, done, Ok(Some(State::Claimed)), Err(Failed::Down), sending]);
}

//! Which calls come together in one transaction, over work that comes to what the test says.
//!
//! One thread runs the test and the worker: all calls of a test wait before the worker takes the first ones.

use futures_util::FutureExt;
use futures_util::future::join_all;

use super::*;

const MIB: u64 = 1 << 20;

/// What a call comes to.
#[derive(Clone, Copy, PartialEq)]
enum Act {
    Done,
    /// Done when it is tried once more.
    DoneLater,
    /// The database refuses its values.
    Refused,
    Down,
}

struct Call {
    number: u64,
    bytes: u64,
    act: Act,
}

fn call(number: u64, act: Act) -> Call {
    Call { number, bytes: 0, act }
}

/// The numbers of the calls of each transaction.
#[derive(Clone, Default)]
struct Work(Arc<Mutex<Vec<Vec<u64>>>>);

impl Work {
    fn grouped(&self) -> Grouped<Self> {
        Grouped::new(self.clone(), &Arc::default())
    }

    fn groups(&self) -> Vec<Vec<u64>> {
        self.0.lock().unwrap().clone()
    }

    /// How many calls there were in each transaction.
    fn sizes(&self) -> Vec<usize> {
        self.groups().iter().map(Vec::len).collect()
    }
}

impl Together for Work {
    type Call = Call;
    type Answer = u64;

    const WORKERS: usize = 1;

    fn size(call: &Call) -> Size {
        Size { rows: 1, bytes: call.bytes }
    }

    fn fit(one: &Call, other: &Call) -> bool {
        one.number != other.number
    }

    async fn carry_out(&self, calls: &[&Call]) -> Result<Vec<Option<u64>>, Undone> {
        let mut groups = self.0.lock().unwrap();
        let is_again = |call: &Call| groups.iter().flatten().any(|number| *number == call.number);
        let answer = |call: &&Call| (call.act != Act::DoneLater || is_again(call)).then_some(call.number);
        let answers = calls.iter().map(answer).collect();
        groups.push(calls.iter().map(|call| call.number).collect());
        match calls.iter().map(|call| call.act).find(|act| matches!(act, Act::Refused | Act::Down)) {
            Some(Act::Refused) => Err(Undone::Refused),
            Some(_) => Err(Undone::Failed(Failed::Down)),
            None => Ok(answers),
        }
    }
}

/// What these calls are answered that wait at the same moment.
async fn answers(work: &Work, calls: impl IntoIterator<Item = Call>) -> Vec<Result<u64, Failed>> {
    let grouped = work.grouped();
    join_all(calls.into_iter().map(|call| grouped.call(call))).await
}

#[tokio::test]
async fn calls_come_together_up_to_a_number_of_rows() {
    let work = Work::default();
    let answers = answers(&work, (0..300).map(|number| call(number, Act::Done))).await;
    assert_eq!(answers, (0..300).map(Ok).collect::<Vec<_>>());
    assert_eq!(work.sizes(), [128, 128, 44]);
}

#[tokio::test]
async fn calls_come_together_up_to_so_many_bytes_and_a_larger_one_is_carried_out_alone() {
    let work = Work::default();
    let sizes = [MIB, 2 * MIB, MIB, 1, 9 * MIB, 3 * MIB, MIB];
    let calls = (0..).zip(sizes).map(|(number, bytes)| Call { bytes, ..call(number, Act::Done) });
    assert!(answers(&work, calls).await.iter().all(Result::is_ok));
    assert_eq!(work.groups(), [&[0, 1, 2][..], &[3], &[4], &[5, 6]]);
}

#[tokio::test]
async fn a_call_that_does_not_fit_to_another_one_is_in_the_next_transaction() {
    let work = Work::default();
    assert_eq!(answers(&work, [1, 2, 1, 3].map(|number| call(number, Act::Done))).await, [Ok(1), Ok(2), Ok(1), Ok(3)]);
    assert_eq!(work.groups(), [[1, 2], [1, 3]]);
}

#[tokio::test]
async fn more_calls_than_may_wait_are_refused_at_once_and_nothing_was_done_of_them() {
    let work = Work::default();
    let answers = answers(&work, (0..1026).map(|number| call(number, Act::Done))).await;
    assert_eq!(answers[1024..], [Err(Failed::Down); 2]);
    assert!(answers[..1024].iter().all(Result::is_ok));
    assert_eq!(work.sizes().iter().sum::<usize>(), 1024);
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_any_more_is_not_carried_out() {
    let (work, [gone, waits]) = (Work::default(), [1, 2].map(|number| call(number, Act::Done)));
    let grouped = work.grouped();
    assert_eq!(grouped.call(gone).now_or_never(), None);
    assert_eq!(grouped.call(waits).await, Ok(2));
    assert_eq!(work.groups(), [[2]]);
}

#[tokio::test]
async fn where_the_values_of_one_are_refused_each_is_carried_out_alone() {
    let work = Work::default();
    let acts = [Act::Done, Act::Refused, Act::DoneLater];
    let answers = answers(&work, (0..).zip(acts).map(|(number, act)| call(number, act))).await;
    assert_eq!(answers, [Ok(0), Err(Failed::Down), Ok(2)]);
    assert_eq!(work.groups(), [&[0, 1, 2][..], &[0], &[1], &[2]]);
}

#[tokio::test]
async fn once_the_database_fails_while_calls_are_carried_out_alone_no_more_are_tried() {
    let work = Work::default();
    let acts = [Act::Refused, Act::Done, Act::Down, Act::Done];
    let answers = answers(&work, (0..).zip(acts).map(|(number, act)| call(number, act))).await;
    assert_eq!(answers, [Err(Failed::Down), Ok(1), Err(Failed::Down), Err(Failed::Down)]);
    assert_eq!(work.groups(), [&[0, 1, 2, 3][..], &[0], &[1], &[2]]);
}

#[tokio::test]
async fn a_call_that_is_not_done_yet_is_tried_again_behind_the_others() {
    let work = Work::default();
    let acts = [Act::DoneLater, Act::Done];
    let answers = answers(&work, (0..).zip(acts).map(|(number, act)| call(number, act))).await;
    assert_eq!(answers, [Ok(0), Ok(1)]);
    assert_eq!(work.groups(), [&[0, 1][..], &[0]]);
}
